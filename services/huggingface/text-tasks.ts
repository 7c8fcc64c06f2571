// Tasks that take text and give text or data.
import type { Schema } from '@cfworker/json-schema'
import {
  COUNT,
  exactly,
  first,
  FLAG,
  INTEGER,
  isRecord,
  LABELS,
  list,
  NUMBER,
  parameters,
  readLabels,
  SHARE,
  single,
  TEXT,
  textUnder,
} from './task.ts'
import type { Task } from './task.ts'

const SAMPLING: Readonly<Record<string, Schema>> = {
  temperature: { type: 'number', minimum: 0 },
  top_p: SHARE,
  stop: list(TEXT),
  seed: INTEGER,
  frequency_penalty: NUMBER,
  presence_penalty: NUMBER,
}

export const TEXT_TASKS: readonly Task[] = [
  {
    name: 'chat-completion',
    about: 'Answers in a conversation.',
    pipeline: 'conversational',
    gives: 'text',
    streams: true,
    usualModel: 'meta-llama/Llama-3.1-8B-Instruct',
    inputs: exactly({
      messages: list(
        {
          type: 'object',
          properties: {
            role: { enum: ['system', 'user', 'assistant', 'tool'] },
            content: { type: ['string', 'array', 'null'] },
          },
          required: ['role'],
        },
        1,
      ),
    }),
    parameters: parameters({
      ...SAMPLING,
      max_tokens: COUNT,
      tools: list({ type: 'object' }),
      response_format: { type: 'object' },
      logit_bias: { type: 'object', additionalProperties: NUMBER },
    }),
  },
  {
    name: 'text-generation',
    about: 'Goes on with a text.',
    gives: 'text',
    streams: true,
    usualModel: 'google/gemma-2-2b-it',
    inputs: TEXT,
    parameters: parameters({
      ...SAMPLING,
      max_new_tokens: COUNT,
      top_k: COUNT,
      repetition_penalty: NUMBER,
      return_full_text: FLAG,
    }),
  },
  {
    name: 'summarization',
    about: 'Says a text in fewer words.',
    gives: 'text',
    usualModel: 'facebook/bart-large-cnn',
    inputs: TEXT,
    parameters: parameters({
      min_length: COUNT,
      max_length: COUNT,
      truncation: { enum: ['do_not_truncate', 'longest_first', 'only_first', 'only_second'] },
      generate_parameters: { type: 'object' },
    }),
    read: textUnder('summary_text', 'generated_text', 'text'),
    result: { type: 'string' },
  },
  {
    name: 'translation',
    about: 'Says a text in another language.',
    gives: 'text',
    usualModel: 'google-t5/t5-base',
    inputs: TEXT,
    parameters: parameters({ src_lang: TEXT, tgt_lang: TEXT, generate_parameters: { type: 'object' } }),
    read: textUnder('translation_text', 'generated_text', 'text'),
    result: { type: 'string' },
  },
  {
    name: 'text-classification',
    about: 'Finds which of its labels fit a text, e.g. its mood.',
    gives: 'json',
    usualModel: 'distilbert/distilbert-base-uncased-finetuned-sst-2-english',
    inputs: TEXT,
    parameters: parameters({ top_k: COUNT, function_to_apply: { enum: ['sigmoid', 'softmax', 'none'] } }),
    read: readLabels,
    result: LABELS,
  },
  {
    name: 'zero-shot-classification',
    about: 'Finds which labels of one’s own fit a text.',
    gives: 'json',
    usualModel: 'facebook/bart-large-mnli',
    inputs: TEXT,
    parameters: parameters({ candidate_labels: list(TEXT, 1), multi_label: FLAG, hypothesis_template: TEXT }, [
      'candidate_labels',
    ]),
    read: readLabels,
    result: LABELS,
  },
  {
    name: 'token-classification',
    about: 'Finds names, places and the like in a text.',
    gives: 'json',
    usualModel: 'dslim/bert-base-NER',
    inputs: TEXT,
    parameters: parameters({
      aggregation_strategy: { enum: ['none', 'simple', 'first', 'average', 'max'] },
      ignore_labels: list(TEXT),
      stride: INTEGER,
    }),
    read: single,
    result: list({
      type: 'object',
      properties: { word: { type: 'string' }, score: NUMBER, start: INTEGER, end: INTEGER },
      required: ['word', 'score'],
    }),
  },
  {
    name: 'question-answering',
    about: 'Finds the answer to a question in a text.',
    gives: 'json',
    usualModel: 'deepset/roberta-base-squad2',
    inputs: exactly({ question: TEXT, context: TEXT }),
    parameters: parameters({ top_k: COUNT, max_answer_len: COUNT, handle_impossible_answer: FLAG }),
    read: answer => first(single(answer)),
    result: {
      type: 'object',
      properties: { answer: { type: 'string' }, score: NUMBER, start: INTEGER, end: INTEGER },
      required: ['answer', 'score'],
    },
  },
  {
    name: 'fill-mask',
    about: 'Finds the word that is left out of a text, at its mask, e.g. `<mask>`.',
    gives: 'json',
    usualModel: 'FacebookAI/xlm-roberta-base',
    inputs: TEXT,
    parameters: parameters({ top_k: COUNT, targets: list(TEXT) }),
    read: single,
    result: list({
      type: ['object', 'array'],
      properties: { sequence: { type: 'string' }, token_str: { type: 'string' }, score: NUMBER },
      required: ['sequence', 'token_str', 'score'],
    }),
  },
  {
    name: 'feature-extraction',
    about: 'Gives the vector that stands for a text, or one for each of a list.',
    gives: 'json',
    usualModel: 'intfloat/multilingual-e5-large-instruct',
    inputs: { type: ['string', 'array'], minLength: 1, minItems: 1, items: TEXT },
    parameters: parameters({
      normalize: FLAG,
      truncate: FLAG,
      prompt_name: TEXT,
      truncation_direction: { enum: ['left', 'right'] },
    }),
    read: readVectors,
    result: list({ type: ['number', 'array'] }, 1),
  },
  {
    name: 'sentence-similarity',
    about: 'Tells how much each of some sentences means the same as another one.',
    gives: 'json',
    usualModel: 'sentence-transformers/all-MiniLM-L6-v2',
    inputs: exactly({ source_sentence: TEXT, sentences: list(TEXT, 1) }),
    parameters: parameters({}),
    read: single,
    result: list(NUMBER, 1),
  },
]

/** Also as OpenAI's API writes them; of one text that was sent alone, its vector alone. */
function readVectors(answer: unknown, inputs: unknown): unknown {
  const rows =
    isRecord(answer) && Array.isArray(answer['data'])
      ? answer['data'].map((row: unknown) => (isRecord(row) ? row['embedding'] : row))
      : answer
  return typeof inputs === 'string' ? single(rows) : rows
}
