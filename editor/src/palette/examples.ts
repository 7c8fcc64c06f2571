import type { SpellDocument } from '#graph/document.ts'
import type { NodeExample } from '#nodes/example.ts'
import { say } from '../layout/toasts.tsx'
import { suggestInputs } from '../run/remembered-inputs.ts'
import type { Session } from '../session/context.ts'
import { openDocument } from '../tabs/open.ts'

// Nobody needs all of them at the start.
const load = async () => (await import('./examples-all.ts')).EXAMPLES

/** Opens a small spell that shows what a node type does. */
export async function openExample(session: Session, type: string): Promise<void> {
  try {
    const example = (await load()).get(type)
    if (!example) return say('There is no example of this node.', 'warn')
    await storeLibrary(session, example)
    const id = openDocument(example.spell as unknown as SpellDocument)
    suggestInputs(id, example.inputs)
    say(example.about)
    if (example.web) say('The addresses in it stand for ones of your own.', 'warn')
  } catch (error) {
    say(`The example could not be opened: ${error instanceof Error ? error.message : String(error)}`, 'warn')
  }
}

/** The spells that an example uses are stored under their names, where none has such a name. */
async function storeLibrary({ rest }: Session, { library = {} }: NodeExample): Promise<void> {
  const wanted = Object.entries(library)
  if (wanted.length === 0) return
  const { spells } = await rest.listSpells({ pageSize: 200 })
  for (const [name, document] of wanted)
    if (spells.every(spell => spell.name !== name)) await rest.createSpell({ ...document, name })
}
