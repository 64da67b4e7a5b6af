import { describe, expect, test } from 'vitest'
import { HELLO, LEDGER, PROFILES, ROOMS } from '../../../protocol/wire/services.ts'
import { type RawClient, refused } from '../../support/raw-client.ts'
import { besieged } from './besieged.ts'

const town = besieged()

describe('goes on when somebody', () => {
  test('asks too often: they are told, and the others are not', async () => {
    // More than is allowed at once. What is allowed again meanwhile grows with the time that this machine takes.
    const putOften = async (client: RawClient) => {
      const answers: unknown[] = []
      for (let i = 0; i < 40; i++)
        answers.push(refused(await client.ask(LEDGER, { put: Uint8Array.of(0xf6) })))
      return answers
    }
    const answers = await putOften(await town.member(town.seeded.trudy))
    expect(answers.slice(0, 10)).toEqual(Array(10).fill('type-not-allowed'))
    expect(answers).toContain('rate-limited')
    // Another session of hers has no allowance of its own; another member has.
    const again = await putOften(await town.member(town.seeded.trudy))
    const allowed = (told: readonly unknown[]) => told.filter((one) => one === 'type-not-allowed').length
    expect(allowed(again)).toBeLessThan(allowed(answers))
    expect(refused(await town.witness.ask(LEDGER, { put: Uint8Array.of(0xf6) }))).toBe('type-not-allowed')

    const guesser = await town.connect()
    const guesses: unknown[] = []
    for (let i = 0; i < 12; i++) guesses.push(refused(await guesser.ask(HELLO, { p: Uint8Array.of(0xf6) })))
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
