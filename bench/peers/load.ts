/**
 * Loads a package that is installed here, beside this file, else by the project: the caller says what it uses of it, since the
 * peers' own types are not there before they are installed.
 */
export async function loadPeer<T>(name: string): Promise<T> {
  return (await import(name)) as T
}
