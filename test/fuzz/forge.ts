/**
 * `node test/fuzz/forge.ts --blocks N --seed S`: N blocks that a speaker did not sign, each a true one with something changed: a bit of the signature
 * or of a digest, the digests' number or order, the frame that carries it, the stream, the room, the kind of link, or who signs (SPEC §8.6). None may
 * hold. Ends with status 1 when one does.
 *
 * Each block is judged twice by `verifyBlock`: with the platform's engine alone, whose *yes* is a listener's yes, and with the rule whose *no* is final. For
 * the rule the batch engine of auditors takes the place of noble, which needs eight times as long; every 31st block is judged by a listener's verifier as it
 * is, noble and all.
 */

import process from 'node:process'
import { parseArgs } from 'node:util'
import { batchEngine } from '../../node/crypto/edwards/batch.ts'
import { nativeVerify } from '../../node/crypto/native.ts'
import { type Block, frameDigest, signBlock, verifyBlock } from '../../protocol/audio/block.ts'
import { FIRST_STREAM, type Voice } from '../../protocol/audio/voice.ts'
import { idOf, keyBytes } from '../../protocol/ids.ts'
import { bad, good } from '../../protocol/result.ts'
import { createBatchVerifier, createVerifier, type Signer, type Verifier } from '../../protocol/signature.ts'
import { bytesOf, signerOf } from '../support/community.ts'

interface Claim {
  readonly voice: Voice
  readonly ctr: number
  readonly block: Block
}

const { values } = parseArgs({
  options: { blocks: { type: 'string', default: '10000' }, seed: { type: 'string', default: '1' } },
})
const native = await nativeVerify()
if (native === undefined) throw new Error('this Node has no Ed25519 of its own')
const batches = createBatchVerifier(await batchEngine())
const listener = createVerifier(native)
const platform: Verifier = {
  verify: async (signature, message, key) =>
    (await native(signature, message, keyBytes(key))) ? good(true) : bad('signature-wrong'),
}
const rule: Verifier = {
  async verify(signature, message, publicKey) {
    const [verdict] = batches.verifyAll([{ signature, message, publicKey }])
    return verdict ?? bad('signature-wrong')
  },
}
const alice = signerOf('Alice session')
const voice: Voice = {
  room: idOf(bytesOf('the room')),
  speaker: alice.publicKey,
  kind: 'mesh',
  stream: FIRST_STREAM + 1,
}

/** Numerical Recipes' linear congruential generator: the same blocks for the same seed. */
let state = Number(values.seed) >>> 0
function dice(sides: number): number {
  state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
  return Math.floor((state / 2 ** 32) * sides)
}

function flipped(bytes: Uint8Array): Uint8Array {
  const changed = bytes.slice()
  const bit = dice(8 * bytes.length)
  changed[bit >> 3] = (changed[bit >> 3] as number) ^ (1 << (bit & 7))
  return changed
}

const FORGERIES: readonly ((claim: Claim, other: Signer) => Claim | Promise<Claim>)[] = [
  (claim) => ({ ...claim, block: { ...claim.block, signature: flipped(claim.block.signature) } }),
  (claim) => {
    const i = dice(claim.block.digests.length)
    const digests = claim.block.digests.map((digest, k) => (k === i ? flipped(digest) : digest))
    return { ...claim, block: { ...claim.block, digests } }
  },
  (claim) => ({ ...claim, block: { ...claim.block, digests: claim.block.digests.slice(1) } }),
  (claim) => ({ ...claim, block: { ...claim.block, digests: claim.block.digests.toReversed() } }),
  (claim) => ({ ...claim, ctr: claim.ctr + 1 + dice(1000) }),
  (claim) => ({ ...claim, voice: { ...claim.voice, stream: claim.voice.stream + 1 + dice(1000) } }),
  (claim) => ({ ...claim, voice: { ...claim.voice, room: idOf(bytesOf(`room ${dice(1000)}`)) } }),
  (claim) => ({ ...claim, voice: { ...claim.voice, kind: 'relay' } }),
  async (claim, other) => ({
    ...claim,
    block: await signBlock(other, claim.voice, claim.ctr, claim.block.digests),
  }),
]

/** Blocks of Alice's that are made, and forged again and again: signing is not what is tried here. */
const TRUTHS = 61
const truths = await Promise.all(Array.from({ length: TRUTHS }, (_, n) => sign(n)))
const others = Array.from({ length: 8 }, (_, i) => signerOf(`Mallory ${i}`))

/** Judged at a time: the platform verifies on threads of its own. */
const TOGETHER = 64
/** One block in so many is judged as it was signed too, and one in so many by a listener's verifier: no multiple of the forgeries' number, so all come to it. */
const HONEST_EVERY = 1000
const LISTENER_EVERY = 31

const began = performance.now()
const blocks = Number(values.blocks)
let accepted = 0
let honest = 0
/** Blocks about which the engines do not agree. */
let split = 0
for (let from = 0; from < blocks; from += TOGETHER) {
  const numbers = Array.from({ length: Math.min(TOGETHER, blocks - from) }, (_, i) => from + i)
  await Promise.all(numbers.map(tryOne))
}
const seconds = Number(((performance.now() - began) / 1000).toFixed(1))
console.log(JSON.stringify({ forged: blocks, accepted, honest, split, seconds }))
const isWell = accepted === 0 && split === 0 && honest === Math.ceil(blocks / HONEST_EVERY)
process.exitCode = isWell ? 0 : 1

async function tryOne(n: number): Promise<void> {
  const forge = FORGERIES[n % FORGERIES.length] as (typeof FORGERIES)[number]
  const truth = truths[n % TRUTHS] as Claim
  // Before anything waits, so that the dice fall alike in each run.
  const forged = forge(truth, others[dice(others.length)] as Signer)
  if (n % HONEST_EVERY === 0 && (await holds(truth, true))) honest += 1
  if (await holds(await forged, n % LISTENER_EVERY === 0)) accepted += 1
}

/** A block that Alice signed. */
async function sign(n: number): Promise<Claim> {
  const ctr = 100 + n
  const digests = Array.from({ length: 2 + (n % 19) }, (_, i) => frameDigest(bytesOf(`frame ${ctr - i}`)))
  return { voice, ctr, block: await signBlock(alice, voice, ctr, digests) }
}

/** Whether one of the engines takes it. @param wholly by a listener's verifier too */
async function holds({ voice: of, ctr, block }: Claim, wholly: boolean): Promise<boolean> {
  const judges = wholly ? [platform, rule, listener] : [platform, rule]
  const verdicts = await Promise.all(judges.map((judge) => verifyBlock(judge, of, ctr, block)))
  const taken = verdicts.filter(({ ok }) => ok).length
  if (taken > 0 && taken < judges.length) split += 1
  return taken > 0
}
