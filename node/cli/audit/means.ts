import type { ReaderMeans } from '../../audit/reader.ts'
import { nodeSha256 } from '../../audit/sha256.ts'
import { workerCrew } from '../../audit/worker-crew.ts'
import { platformVerifier } from '../../crypto/native.ts'

/** Runs an audit with all processors, and lets them go afterwards. */
export async function withMeans<T>(audit: (means: ReaderMeans) => Promise<T>): Promise<T> {
  const crew = workerCrew()
  try {
    return await audit({ crew, verifier: await platformVerifier(), sha256: nodeSha256 })
  } finally {
    await crew.close()
  }
}
