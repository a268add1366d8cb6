export const deployments = ['production', 'test', 'local'] as const;

/** Where a program runs. Only `local` may talk plain http and to this machine; only `test` and `local` take synthetic numbers. */
export type Deployment = (typeof deployments)[number];

export type DeploymentRules = {
  /** Synthetic numbers are accepted, and no others. */
  acceptsSynthetic: boolean;
  /** http is allowed beside https. */
  allowsPlainHttp: boolean;
  /** Outbound requests may go to loopback and private addresses. */
  allowsPrivateAddresses: boolean;
};

export function deploymentRules(deployment: Deployment): DeploymentRules {
  const local = deployment === 'local';
  return { acceptsSynthetic: deployment !== 'production', allowsPlainHttp: local, allowsPrivateAddresses: local };
}
