import { expect, test, vi } from 'vitest'
import { gatheringVerifier } from '../../../node/crypto/gathering.ts'
import { platformVerifier } from '../../../node/crypto/native.ts'
import { nodeVerifiers } from '../../../node/crypto/verifiers.ts'
import { keyText } from '../../../protocol/ids.ts'
import type { BatchVerifier, Verifier } from '../../../protocol/signature.ts'
import { signerOf } from '../../support/community.ts'

const alice = signerOf('Alice')
const good = { ok: true, value: true }
const wrong = { ok: false, reason: 'signature-wrong' }

/** A verifier that says no to a 1, with turns that are taken by hand. */
function rig() {
  const alone = {
    verify: vi.fn<Verifier['verify']>(async (_, message) =>
      message[0] === 1 ? { ok: false, reason: 'signature-wrong' } : { ok: true, value: true },
    ),
  }
  const areGood = vi.fn<BatchVerifier['areGood']>((batch) => batch.every(({ message }) => message[0] !== 1))
  const turns: (() => void)[] = []
  const verifyAll = vi.fn<BatchVerifier['verifyAll']>()
  const verifier = gatheringVerifier(alone, { areGood, verifyAll }, (turn) => turns.push(turn))
  const ask = (said: readonly number[]) =>
    Promise.all(said.map((one) => verifier.verify(new Uint8Array(64), Uint8Array.of(one), alice.publicKey)))
  const turn = () => {
    const [next] = turns.splice(0, 1)
    next?.()
  }
  return { alone, areGood, turns, turn, ask }
}

test('one alone is judged alone, at the next turn', async () => {
  const { alone, areGood, turn, ask } = rig()
  const verdict = ask([0])
  expect(alone.verify).not.toHaveBeenCalled()
  turn()
  expect(await verdict).toEqual([good])
  expect(areGood).not.toHaveBeenCalled()
})

test('SIG-6 many that were asked about in one turn are looked at once', async () => {
  const { alone, areGood, turns, turn, ask } = rig()
  const verdicts = [ask([0, 2, 3, 4]), ask([5, 6, 7])]
  expect(turns.length).toBe(1)
  turn()
  expect((await Promise.all(verdicts)).flat()).toEqual(Array(7).fill(good))
  expect(areGood.mock.calls.map(([batch]) => batch.length)).toEqual([7])
  expect(alone.verify).not.toHaveBeenCalled()
})

test('SIG-6 where one is wrong each is judged by itself', async () => {
  const { alone, turn, ask } = rig()
  const verdicts = ask([0, 2, 3, 4, 1, 5, 6])
  turn()
  expect(await verdicts).toEqual([good, good, good, good, wrong, good, good])
  expect(alone.verify).toHaveBeenCalledTimes(7)
})

test('no turn takes longer than some hundred need', async () => {
  const { areGood, turns, turn, ask } = rig()
  const verdicts = ask(Array(600).fill(0))
  while (turns.length > 0) turn()
  expect(await verdicts).toEqual(Array(600).fill(good))
  expect(areGood.mock.calls.map(([batch]) => batch.length)).toEqual([256, 256, 88])
})

test('a failure is no verdict', async () => {
  const { areGood, turn, ask } = rig()
  areGood.mockImplementation(() => {
    throw new Error('out of memory')
  })
  const verdicts = ask(Array(10).fill(0))
  turn()
  await expect(verdicts).rejects.toThrow('out of memory')
})

test('a process of Node judges many as it judges each', async () => {
  const { verifier } = await nodeVerifiers()
  const platform = await platformVerifier()
  const bob = signerOf('Bob')
  const said = await Promise.all(
    Array.from({ length: 20 }, async (_, i) => {
      const signer = i % 2 === 0 ? alice : bob
      const message = Uint8Array.of(i)
      return [await signer.sign(message), message, signer.publicKey] as const
    }),
  )
  const [first, message, key] = said[0] as (typeof said)[0]
  const neutral = keyText(new Uint8Array(32).with(0, 1))
  const spoiled = [
    ...said.slice(0, 7),
    [first, Uint8Array.of(99), key] as const,
    [first.subarray(0, 63), message, key] as const,
    [first, message, neutral] as const,
    ...said.slice(7),
  ]
  for (const asked of [said, spoiled]) {
    const judged = (by: Verifier) => Promise.all(asked.map((one) => by.verify(...one)))
    expect(await judged(verifier)).toEqual(await judged(platform))
  }
})
