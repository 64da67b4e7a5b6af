import { hash } from 'node:crypto'
import { keyText } from '../../protocol/ids.ts'
import { type BatchVerifier, createBatchVerifier, type Verifier } from '../../protocol/signature.ts'
import { batchEngine } from './edwards/batch.ts'
import { gatheringVerifier } from './gathering.ts'
import { platformVerifier } from './native.ts'

/** The signature rule in a process of Node, over one engine. */
export interface Verifiers {
  /** For whoever has one signature at a time. */
  readonly verifier: Verifier
  /** For whoever has many. */
  readonly batchVerifier: BatchVerifier
}

export async function nodeVerifiers(): Promise<Verifiers> {
  const engine = await batchEngine({ sha512: (bytes) => hash('sha512', bytes, 'buffer') })
  const batchVerifier = createBatchVerifier(engine)
  // Every newcomer brings two keys, and noble takes milliseconds for each, in which nobody else is served.
  const alone = await platformVerifier((encoded) => engine.admitAll([keyText(encoded)])[0] === true)
  return { verifier: gatheringVerifier(alone, batchVerifier, setImmediate), batchVerifier }
}
