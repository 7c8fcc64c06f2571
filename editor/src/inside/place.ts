/** Where a page stands: its tab, and the path of sub-spell nodes that leads to it. */
export function placeOf(page: string): { readonly tab: string; readonly path: readonly string[] } {
  const [tab = '', ...path] = page.split('/')
  return { tab, path }
}
