import { describe } from '@jest/globals'
import { createRequests } from './blobs-s3-requests.ts'
import { openBucketBlobs } from './blobs-s3.ts'
import { parseBucketUrl } from './blobs-url.ts'
import { testBlobs } from './blobs.suite.ts'

/** A bucket of a real server, in the form of `BLOB_URL`. What is kept in it stays. */
const url = process.env['BLOB_TEST_URL'] ?? ''

;(url === '' ? describe.skip : describe)(`a real bucket${url === '' ? ' (skipped: no BLOB_TEST_URL)' : ''}`, () => {
  testBlobs('files in it', async () => {
    const bucket = parseBucketUrl(url)
    const requests = createRequests(bucket)
    return {
      blobs: openBucketBlobs(bucket),
      async leftovers() {
        const answer = await requests.send('GET', '', { query: { uploads: '' } })
        return [...(await answer.text()).matchAll(/<UploadId>/g)].length
      },
      close: async () => {},
    }
  })
})
