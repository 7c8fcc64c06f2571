import type { Json, JsonObject } from '#graph/json.ts'
import type { SpellDocument } from '#graph/document.ts'
import type { RunView } from '#graph/view.ts'

/** What a console command reaches. */
export interface CommandHost {
  readonly document: SpellDocument
  readonly view: RunView
  run(inputs?: JsonObject): void
  cancel(): void
  setConfig(node: string, field: string, value: Json): void
}

/** A line that the console itself prints. */
export interface CommandAnswer {
  readonly level: 'info' | 'error'
  readonly text: string
}

const HELP = [
  'run [{"input": "value"}]      run the spell, asking for inputs that have no default',
  'cancel                        stop the run',
  'set <node> <field> <value>    change a setting of a node; the value is JSON or plain text',
  'state                         the state of the spell at the slider',
  'value <node>                  the last values of a node at the slider',
  'help                          this list',
]

/** Carries out a console line; answers what to print. Nothing that is typed does harm: every refusal says what was expected. */
export function runCommand(line: string, host: CommandHost): CommandAnswer[] {
  const [, name = '', rest = ''] = /^\s*(\S*)\s*([\s\S]*)$/.exec(line) ?? []
  switch (name) {
    case '':
      return []
    case 'help':
      return HELP.map(info)
    case 'run':
      return runWith(rest, host)
    case 'cancel':
      host.cancel()
      return []
    case 'state':
      return [info(JSON.stringify(host.view.state, undefined, 2))]
    case 'value':
      return showValue(rest.trim(), host)
    case 'set':
      return setField(rest, host)
    default:
      return [error(`no command "${name}"; type help for the list`)]
  }
}

function runWith(text: string, host: CommandHost): CommandAnswer[] {
  if (text.trim() === '') {
    host.run()
    return []
  }
  const inputs = parse(text)
  if (typeof inputs !== 'object' || inputs === null || Array.isArray(inputs))
    return [error('run takes its inputs as a JSON object, e.g. run {"who": "you"}')]
  host.run(inputs as JsonObject)
  return []
}

function showValue(node: string, { document, view }: CommandHost): CommandAnswer[] {
  if (!Object.hasOwn(document.nodes, node)) return [unknown(node, document)]
  const run = view.nodes[node]
  return [run ? info(JSON.stringify(run.outputs, undefined, 2)) : info(`"${node}" has not run`)]
}

function setField(rest: string, host: CommandHost): CommandAnswer[] {
  const [, node = '', field = '', value = ''] = /^(\S+)\s+(\S+)\s+([\s\S]+)$/.exec(rest) ?? []
  if (value === '') return [error('expected: set <node> <field> <value>')]
  if (!Object.hasOwn(host.document.nodes, node)) return [unknown(node, host.document)]
  const parsed = parse(value) ?? value.trim()
  host.setConfig(node, field, parsed)
  return [info(`${node}.${field} = ${JSON.stringify(parsed)}`)]
}

function parse(text: string): Json | undefined {
  try {
    return JSON.parse(text) as Json
  } catch {
    return undefined
  }
}

function unknown(node: string, document: SpellDocument): CommandAnswer {
  return error(`no node "${node}"; there are ${Object.keys(document.nodes).slice(0, 20).join(', ') || 'none'}`)
}
function info(text: string): CommandAnswer {
  return { level: 'info', text }
}
function error(text: string): CommandAnswer {
  return { level: 'error', text }
}
