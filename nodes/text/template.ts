import { defineNode, NodeFailure } from '#graph/define.ts'
import type { Socket } from '#graph/define.ts'
import { templateOf, variablesOf } from '../language/templates.ts'

export default defineNode({
  title: 'Template',
  about:
    'Fills a Handlebars template: `{{name}}`, `{{#if x}}…{{else}}…{{/if}}`, `{{#each list}}{{this}}{{/each}}`. Every variable is an input. Nothing is escaped.',
  icon: 'braces',
  kind: 'pure',
  config: {
    type: 'object',
    properties: { template: { type: 'string', title: 'Template', format: 'template', default: '' } },
  },
  outputs: { text: { type: 'string', about: 'The filled template' } },
  derive(config) {
    const socket: Socket = { type: 'any' }
    const text = typeof config.template === 'string' ? config.template : ''
    return { inputs: Object.fromEntries(variablesOf(templateOf(config, text)).map(name => [name, socket])) }
  },
  check(config) {
    const template = templateOf(config, config.template)
    return 'problem' in template ? [{ path: 'template', message: template.problem }] : []
  },
  run(inputs, { config }) {
    const template = templateOf(config, config.template)
    if ('problem' in template) throw new NodeFailure('TEMPLATE', template.problem, { retry: false })
    return { outputs: { text: template.render(inputs) } }
  },
})
