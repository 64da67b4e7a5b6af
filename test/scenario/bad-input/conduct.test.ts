import { describe, expect, test } from 'vitest'
import { HELLO, LEDGER, PROFILES, ROOMS } from '../../../protocol/wire/services.ts'
import { type RawClient, refused } from '../../support/raw-client.ts'
import { besieged } from './besieged.ts'

/** Whoever asked so often and was not told never will be. */
const MOST = 400

const town = besieged()

describe('goes on when somebody', () => {
  test('asks too often: they are told, and the others are not', async () => {
    // Some are allowed at once, and more with every half second: on a slow machine it takes more to be told.
    const untilTold = async (ask: () => Promise<object | 'reset'>) => {
      const answers: unknown[] = []
      do answers.push(refused(await ask()))
      while (answers.at(-1) !== 'rate-limited' && answers.length < MOST)
      return answers
    }
    const putOften = (client: RawClient) => untilTold(() => client.ask(LEDGER, { put: Uint8Array.of(0xf6) }))
    const answers = await putOften(await town.member(town.seeded.trudy))
    expect(answers.slice(0, 10)).toEqual(Array(10).fill('type-not-allowed'))
    expect(answers).toContain('rate-limited')
    // Another session of hers has no allowance of its own; another member has.
    const again = await putOften(await town.member(town.seeded.trudy))
    const allowed = (told: readonly unknown[]) => told.filter((one) => one === 'type-not-allowed').length
    expect(allowed(again)).toBeLessThan(allowed(answers))
    expect(refused(await town.witness.ask(LEDGER, { put: Uint8Array.of(0xf6) }))).toBe('type-not-allowed')

    const guesser = await town.connect()
    const guesses = await untilTold(() => guesser.ask(HELLO, { p: Uint8Array.of(0xf6) }))
    expect(guesses.at(0)).toBe('type-not-allowed')
    expect(guesses).toContain('rate-limited')
  })

  test('opens streams and says nothing: there are only so many', async () => {
    const mallory = await town.member(town.seeded.mallory)
    const open = await Promise.all([1, 2, 3, 4].map(() => mallory.open(LEDGER.protocol)))
    for (const stream of open) stream.send(Uint8Array.of(100))
    expect(await mallory.ask(LEDGER, { get: 0 })).toBe('reset')
    expect(await mallory.ask(ROOMS, {})).toEqual({ rooms: [] })
    for (const stream of open) stream.abort(new Error('enough'))
  })

  test('vanishes in the middle of everything', async () => {
    for (const service of [HELLO, LEDGER, PROFILES]) {
      const client = await town.member(town.seeded.mallory)
      const stream = await client.open(service.protocol)
      stream.send(Uint8Array.of(200, 1, 0xa1))
      void client.ask(LEDGER, { get: 0 }).catch(() => {})
      await client.vanish()
    }
  })

  test('connects many times and never says who they are: all of them are dropped in time', async () => {
    const silent = await Promise.all(Array.from({ length: 24 }, () => town.connect()))
    const half = await silent[0]?.open(HELLO.protocol)
    half?.send(Uint8Array.of(200))
    await Promise.all(silent.map(({ gone }) => gone))
  })
})
