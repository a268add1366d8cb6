import type { LocalClient } from './client.ts';
import type { Person, ProviderName } from './person.ts';

/** Who is known to one provider: organisations with an agreement, and people with an account. */
export type Directory = {
  clients: readonly LocalClient[];
  persons: readonly Person[];
  /** By client id, or by the id of the client that looks its tokens up. */
  clientOf(clientId: string | undefined): LocalClient | undefined;
  /** People who may log in at a client. */
  personsOf(client: LocalClient): Person[];
  /** Whether one client may look up the tokens of another: its own, unless a separate client is there for that. */
  mayLookUp(callerId: string, ownerId: string | undefined): boolean;
};

/** Picks out what concerns one provider. */
export function createDirectory(
  provider: ProviderName,
  all: { clients: readonly LocalClient[]; persons: readonly Person[] },
): Directory {
  const clients = all.clients.filter((client) => client.provider === provider);
  const persons = all.persons.filter((person) => person.provider === provider);
  const clientOf = (id: string | undefined) =>
    clients.find((each) => [each.clientId, each.lookup?.clientId].includes(id));
  return {
    clients,
    persons,
    clientOf: (id) => (id === undefined ? undefined : clientOf(id)),
    personsOf: ({ organization }) => persons.filter((person) => person.organization === organization),
    mayLookUp(callerId, ownerId) {
      const owner = clients.find(({ clientId }) => clientId === ownerId);
      return owner !== undefined && callerId === (owner.lookup?.clientId ?? owner.clientId);
    },
  };
}
