/**
 * One case of a table inside a test that shares something costly with its neighbours: a failure is told under the case's name.
 *
 * @throws what `action` throws, its message led by `name`
 */
export async function inCase(name: string, action: () => Promise<void> | void): Promise<void> {
  try {
    await action();
  } catch (error) {
    if (error instanceof Error) error.message = `${name}: ${error.message}`;
    throw error;
  }
}
