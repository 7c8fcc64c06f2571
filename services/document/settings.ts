import { OUTBOUND_SETTINGS } from '#mesh/outbound.ts'
import { flag, integer } from '#mesh/settings.ts'
import type { SettingsOf } from '#mesh/settings.ts'

const MB = 1024 * 1024

export const SETTINGS = {
  ...OUTBOUND_SETTINGS,
  DOCUMENT_LIMIT_BYTES: integer('most that one document may have', 100 * MB, { min: 1 }),
  DOCUMENT_USER_BYTES: integer('most that the files of one user may take', 20 * 1024 * MB, { min: 1 }),
  DOCUMENT_USER_COUNT: integer('most documents of one user', 20_000, { min: 1 }),
  DOCUMENT_JOBS: integer('documents that this process reads at once; 0: it leaves them to others', 2, { max: 64 }),
  DOCUMENT_TURN_MS: integer(
    'how long a document that is being indexed goes on while much smaller ones wait, in milliseconds',
    5_000,
    { min: 1 },
  ),
  DOCUMENT_LEASE_MS: integer(
    'how long others wait for a document whose process is silent before they take it up, in milliseconds',
    20_000,
    { min: 500 },
  ),
  DOCUMENT_EMBED: flag('whether pieces get vectors; without, they are found by words alone', true),
  DOCUMENT_CHUNK_SIZE: integer('characters of a piece, where nothing else is asked', 1_200, { min: 100, max: 8_000 }),
  DOCUMENT_CHUNK_OVERLAP: integer('characters that a piece repeats of the one before', 150, { max: 4_000 }),
  DOCUMENT_PAGES: integer('most pages, slides or sheets of a document', 5_000, { min: 1 }),
  DOCUMENT_CHARACTERS: integer('most characters of a document’s text', 200_000_000, { min: 1 }),
  DOCUMENT_UNPACKED_BYTES: integer('most that the files inside a document may have, unpacked', 1024 * MB, { min: 1 }),
  DOCUMENT_READ_MS: integer('longest time of reading one document, in milliseconds', 300_000, { min: 100 }),
  DOCUMENT_READ_MB: integer('memory of a thread that reads a document, in MB', 512, { min: 64, max: 65_536 }),
  DOCUMENT_FETCH_MS: integer('longest time of getting one document of the web, in milliseconds', 120_000, { min: 100 }),
}

export type Settings = SettingsOf<typeof SETTINGS>
