import { expect, test } from '@jest/globals'
import type { DocumentRecord, JobRecord } from '../knowledge/records.ts'
import { bytesInWords, factsOf, standingOf, toSentence } from './jobs.ts'

const job = (given: Partial<JobRecord>): JobRecord => ({
  ...{ state: 'ready', progress: 0, code: '', message: '', attempts: 1, newChunks: 0, keptChunks: 0 },
  withoutVectors: false,
  ...given,
})

test('a job that is at work tells how far it is', () => {
  expect(standingOf(undefined)).toMatchObject({ kind: 'waiting', words: 'Waiting' })
  expect(standingOf(job({ state: 'parsing', progress: 0.419 }))).toMatchObject({
    words: 'Reading 41 %',
    progress: 0.419,
  })
  expect(standingOf(job({ state: 'embedding', progress: 1.2 })).words).toBe('Indexing 100 %')
})

test('what failed says why and what to do', () => {
  const standing = standingOf(job({ state: 'failed', code: 'ENCRYPTED', message: 'it needs a password' }))
  expect(standing).toMatchObject({ kind: 'failed', words: 'Failed', note: 'It needs a password.' })
  expect(standing.advice).toBe('Remove its password and send it again.')
  expect(standingOf(job({ state: 'skipped', code: 'constructor' })).advice).toBe('')
})

test('a document that has no vectors says so', () => {
  expect(standingOf(job({ withoutVectors: true })).words).toBe('Ready, found by words only')
})

test('facts of a document leave out what is not known', () => {
  const document = { type: 'pdf', pages: 1, sizeBytes: 340_200, language: 'en' } as DocumentRecord
  expect(factsOf(document)).toBe('PDF · 1 page · 340 KB · EN')
  expect(factsOf({ ...document, type: 'xlsx', pages: 3, language: '' })).toBe('Excel · 3 sheets · 340 KB')
  expect(factsOf({ ...document, type: '', pages: 0, sizeBytes: 12, language: '' })).toBe('12 bytes')
  expect(bytesInWords(1_250_000)).toBe('1.3 MB')
})

test('a message of the server becomes a sentence, its sizes readable', () => {
  expect(toSentence('the body takes more than 104857600 bytes')).toBe('The body takes more than 105 MB.')
  expect(toSentence('Is it a folder?')).toBe('Is it a folder?')
  expect(toSentence('')).toBe('')
})
