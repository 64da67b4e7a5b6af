/** How many signatures an engine verifies per second. Runs as it is in Node and, bundled, in a page. */

import { nativeVerify } from '../../node/crypto/native.ts'
import { type KeyText, keyBytes } from '../../protocol/ids.ts'
import { createVerifier, type Signer, signerFromSeed, type Verifier } from '../../protocol/signature.ts'

/** Signatures verified per second, one value for each batch. */
export type Rates = readonly number[]

export interface EngineRates {
  /** The first signature of a key that was never seen: the key is admitted, then as `rule`. */
  readonly first: Rates
  /** Through our one function, with the engine's own Ed25519, for keys that it knows. */
  readonly rule: Rates
  /** Through our one function, with noble alone. */
  readonly noble: Rates
  /** What the engine does with a key that it holds already and no rule of ours: the peer to compare with. */
  readonly bare: Rates
}

export interface Signed {
  readonly key: KeyText
  readonly message: Uint8Array
  readonly signature: Uint8Array
}

/** One way to verify. */
export type Verify = (signed: Signed) => Promise<boolean>

/** Signers of a batch, in turn. */
const SIGNERS = 64

/** Bytes signed: an operation of a room with its envelope is about as long. */
const MESSAGE_BYTES = 200

/** Signatures of a batch: native ones take 0.1 ms, noble's some 3 ms, and a batch should last a tenth of a second at least. */
const FAST_BATCH = 1024
const SLOW_BATCH = SIGNERS

const ED25519 = { name: 'Ed25519' } as const

/**
 * One after the other, as a log is read. Batches of the three ways take turns, so that whatever else the machine does falls on all of them alike.
 * @param batches of each way; one more comes before, for the compilers, and is not counted
 */
export async function measureRates(batches: number): Promise<EngineRates> {
  const native = await nativeVerify()
  if (native === undefined) throw new Error('this engine has no Ed25519 of its own')
  const many = await signedMessages()
  const few = many.slice(0, SLOW_BATCH)
  const rule = through(createVerifier(native))
  const noble = through(createVerifier())
  const bare = await bareVerify(many)
  const rates = { first: [] as number[], rule: [] as number[], noble: [] as number[], bare: [] as number[] }
  for (let batch = 0; batch <= batches; batch++) {
    const measured = {
      first: await rateOf(through(createVerifier(native)), few),
      rule: await rateOf(rule, many),
      noble: await rateOf(noble, few),
      bare: await rateOf(bare, many),
    }
    if (batch === 0) continue
    rates.first.push(measured.first)
    rates.rule.push(measured.rule)
    rates.noble.push(measured.noble)
    rates.bare.push(measured.bare)
  }
  return rates
}

/** Throws when one of them, all true, is refused. */
export async function rateOf(verify: Verify, batch: readonly Signed[]): Promise<number> {
  const began = performance.now()
  for (const signed of batch) {
    if (!(await verify(signed))) throw new Error('a true signature was refused')
  }
  return batch.length / ((performance.now() - began) / 1000)
}

function through(verifier: Verifier): Verify {
  return async ({ key, message, signature }) => (await verifier.verify(signature, message, key)).ok
}

async function bareVerify(batch: readonly Signed[]): Promise<Verify> {
  const { subtle } = crypto
  const keys = new Map<KeyText, CryptoKey>()
  for (const { key } of batch) {
    if (!keys.has(key))
      keys.set(key, await subtle.importKey('raw', keyBytes(key) as BufferSource, ED25519, false, ['verify']))
  }
  return ({ key, message, signature }) =>
    subtle.verify(ED25519, keys.get(key) as CryptoKey, signature as BufferSource, message as BufferSource)
}

/** A batch of true signatures; the first {@link SLOW_BATCH} are of as many keys. */
export async function signedMessages(): Promise<readonly Signed[]> {
  const signers: readonly Signer[] = Array.from({ length: SIGNERS }, (_, i) =>
    signerFromSeed(new Uint8Array(32).fill(i + 1)),
  )
  return Promise.all(
    Array.from({ length: FAST_BATCH }, async (_, i): Promise<Signed> => {
      const signer = signers[i % SIGNERS] as Signer
      const message = new Uint8Array(MESSAGE_BYTES).fill(i)
      new DataView(message.buffer).setUint32(0, i)
      return { key: signer.publicKey, message, signature: await signer.sign(message) }
    }),
  )
}
