import { batchEngine } from '../../node/crypto/edwards/batch.ts'
import { nativeVerify } from '../../node/crypto/native.ts'
import { keyText } from '../../protocol/ids.ts'
import { createBatchVerifier, createVerifier, type Verifier } from '../../protocol/signature.ts'

/** A page that judges signatures with the project's own rule; bundled and served by signature.test.ts. */

export interface Judged {
  /** Whether the browser has an engine of its own. */
  readonly native: boolean
  /** Verdicts in the order asked: through the browser's engine, through noble alone, and all at once. */
  readonly verdicts: readonly string[]
  readonly withoutNative: readonly string[]
  readonly inBatch: readonly string[]
}

/** key, message, signature, each in hex. */
export type Asked = readonly [key: string, message: string, signature: string]

declare global {
  interface Window {
    judge(asked: readonly Asked[]): Promise<Judged>
  }
}

window.judge = async (asked) => {
  const native = await nativeVerify()
  return {
    native: native !== undefined,
    verdicts: await verdictsOf(createVerifier(native), asked),
    withoutNative: await verdictsOf(createVerifier(), asked),
    inBatch: await verdictsOfBatch(asked),
  }
}

async function verdictsOfBatch(asked: readonly Asked[]): Promise<readonly string[]> {
  const batch = asked.map(([key, message, signature]) => ({
    signature: bytes(signature),
    message: bytes(message),
    publicKey: keyText(bytes(key)),
  }))
  const verdicts = createBatchVerifier(await batchEngine()).verifyAll(batch)
  return verdicts.map((result) => (result.ok ? 'holds' : result.reason))
}

async function verdictsOf(verifier: Verifier, asked: readonly Asked[]): Promise<readonly string[]> {
  const verdicts: string[] = []
  for (const [key, message, signature] of asked) {
    const result = await verifier.verify(bytes(signature), bytes(message), keyText(bytes(key)))
    verdicts.push(result.ok ? 'holds' : result.reason)
  }
  return verdicts
}

function bytes(hex: string): Uint8Array {
  return Uint8Array.from(hex.match(/../g) ?? [], (pair) => Number.parseInt(pair, 16))
}
