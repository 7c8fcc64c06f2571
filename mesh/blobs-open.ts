import { join } from 'node:path'
import { openDatabaseBlobs } from './blobs-database.ts'
import { openDiskBlobs } from './blobs-disk.ts'
import { parseBucketUrl } from './blobs-url.ts'
import type { Blobs } from './blobs.ts'
import type { Database } from './database.ts'

/**
 * Opens the files of this instance: in a bucket where `BLOB_URL` names one; else beside the database, which is in a folder for one process, and for a mesh in
 * the database, since its processes share no disk. What a bucket needs is loaded only then.
 */
export async function openBlobs(
  settings: { readonly BLOB_URL: string; readonly DATA_DIR: string },
  database: Database,
): Promise<Blobs> {
  if (settings.BLOB_URL === '')
    return database.alone ? openDiskBlobs(join(settings.DATA_DIR, 'blobs')) : openDatabaseBlobs(database)
  const { openBucketBlobs } = await import('./blobs-s3.ts')
  return openBucketBlobs(parseBucketUrl(settings.BLOB_URL))
}
