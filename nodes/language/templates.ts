import type { Template } from './handlebars.ts'
import { parseTemplate } from './handlebars.ts'

const parsed = new WeakMap<object, Map<string, ReturnType<typeof parseTemplate>>>()

/** A template of a config, parsed once for as long as that config lives. */
export function templateOf(config: object, text: string): ReturnType<typeof parseTemplate> {
  const known = parsed.get(config) ?? new Map<string, ReturnType<typeof parseTemplate>>()
  parsed.set(config, known)
  const template = known.get(text) ?? parseTemplate(text)
  known.set(text, template)
  return template
}

/** Its variables; none where it is not a template. */
export function variablesOf(template: Template | { readonly problem: string }): readonly string[] {
  return 'variables' in template ? template.variables : []
}
