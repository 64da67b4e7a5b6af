/** How many signatures an engine verifies per second. Runs as it is in Node and, bundled, in a page. */

import { batchEngine } from '../../node/crypto/edwards/batch.ts'
import { nativeVerify } from '../../node/crypto/native.ts'
import { type KeyText, keyBytes, keyText } from '../../protocol/ids.ts'
import {
  type BatchVerifier,
  createBatchVerifier,
  createVerifier,
  type Signed,
  type Signer,
  signerFromSeed,
  type Verifier,
} from '../../protocol/signature.ts'

/** Signatures verified per second, one value for each batch. */
export type Rates = readonly number[]

export interface EngineRates {
  /** The first signature of a key that was never seen: the key is admitted, then as `rule`. */
  readonly first: Rates
  /** Through our one function, with the engine's own Ed25519, for keys that it knows. */
  readonly rule: Rates
  /** Through our one function, with noble alone. */
  readonly noble: Rates
  /** All at once, as an auditor does, for keys that it knows. */
  readonly batches: Rates
  /** The same for keys that were never seen: each is admitted first. */
  readonly firstBatches: Rates
  /** What the engine does with a key that it holds already and no rule of ours: the peer to compare with. */
  readonly bare: Rates
}

/** One way to verify. */
export type Verify = (signed: Signed) => Promise<boolean>

/** Signers of a batch, in turn. */
const SIGNERS = 64

/** An auditor's batch: a ledger has two to three signatures for every key in it. */
const LARGE_BATCH = 4096
const LARGE_BATCH_KEYS = 2048

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
  const engine = await batchEngine()
  const large = await signedByMany()
  const auditor = createBatchVerifier(engine)
  const rates = {
    first: [] as number[],
    rule: [] as number[],
    noble: [] as number[],
    batches: [] as number[],
    firstBatches: [] as number[],
    bare: [] as number[],
  }
  for (let batch = 0; batch <= batches; batch++) {
    const measured = {
      first: await rateOf(through(createVerifier(native)), few),
      rule: await rateOf(rule, many),
      noble: await rateOf(noble, few),
      batches: rateOfBatch(auditor, large),
      firstBatches: rateOfBatch(createBatchVerifier(engine), large),
      bare: await rateOf(bare, many),
    }
    if (batch === 0) continue
    rates.first.push(measured.first)
    rates.rule.push(measured.rule)
    rates.noble.push(measured.noble)
    rates.batches.push(measured.batches)
    rates.firstBatches.push(measured.firstBatches)
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

function rateOfBatch(verifier: BatchVerifier, batch: readonly Signed[]): number {
  const began = performance.now()
  if (!verifier.verifyAll(batch).every(({ ok }) => ok)) throw new Error('a true signature was refused')
  return batch.length / ((performance.now() - began) / 1000)
}

function through(verifier: Verifier): Verify {
  return async ({ publicKey, message, signature }) =>
    (await verifier.verify(signature, message, publicKey)).ok
}

async function bareVerify(batch: readonly Signed[]): Promise<Verify> {
  const { subtle } = crypto
  const keys = new Map<KeyText, CryptoKey>()
  for (const { publicKey } of batch) {
    if (keys.has(publicKey)) continue
    const raw = keyBytes(publicKey) as BufferSource
    keys.set(publicKey, await subtle.importKey('raw', raw, ED25519, false, ['verify']))
  }
  return ({ publicKey, message, signature }) =>
    subtle.verify(
      ED25519,
      keys.get(publicKey) as CryptoKey,
      signature as BufferSource,
      message as BufferSource,
    )
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
      return { publicKey: signer.publicKey, message, signature: await signer.sign(message) }
    }),
  )
}

/** True signatures of many keys, made by the engine: noble would take longer to make them than all the rest. */
async function signedByMany(): Promise<readonly Signed[]> {
  const { subtle } = crypto
  const batch: Signed[] = []
  for (let i = 0; i < LARGE_BATCH_KEYS; i++) {
    const pair = (await subtle.generateKey(ED25519, true, ['sign', 'verify'])) as CryptoKeyPair
    const publicKey = keyText(new Uint8Array(await subtle.exportKey('raw', pair.publicKey)))
    for (let n = 0; n < LARGE_BATCH / LARGE_BATCH_KEYS; n++) {
      const message = crypto.getRandomValues(new Uint8Array(MESSAGE_BYTES))
      const signature = new Uint8Array(await subtle.sign(ED25519, pair.privateKey, message))
      batch.push({ publicKey, message, signature })
    }
  }
  return batch
}
