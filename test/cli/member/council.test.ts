import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, onTestFinished, test } from 'vitest'
import { runRelay } from '../../relay/command.ts'
import { startRelayProcess } from '../../support/relay-process.ts'
import { emptyRelay, founder, guestOf, memberOf, PATIENCE, shown } from './terminal.ts'

const WORDS = ['--words-file', 'words.txt']
const KEY = 'C'.repeat(42).concat('A')
const OTHER_KEY = 'D'.repeat(42).concat('A')

interface Logs {
  readonly log: string
  readonly witnesses: { readonly k: number; readonly keys: readonly string[] }
}

/** What the ledger knows of an invitation of the one who asks. */
async function invitationOf(by: { ask<T>(...args: readonly string[]): Promise<T> }): Promise<string> {
  const made = await by.ask<{ slot: number; state: string; invitation?: string }[]>('invite', 'list')
  return made.find(({ state }) => state === 'pending')?.invitation as string
}

describe('acts of the council from a terminal', { timeout: PATIENCE }, () => {
  test('VOID-1 the council withdraws an invitation, whoever made it', async () => {
    const awa = await founder(await emptyRelay())
    const bo = await guestOf(awa, 'Bo')
    const { link } = await bo.ask<{ link: string }>('invite')
    const invite = await invitationOf(bo)
    expect(await bo.refused('community', 'invite-void', ...WORDS, '--', invite)).toBe('2 phrase-wrong')
    await awa.ask('community', 'invite-void', ...WORDS, '--', invite)
    // Within a minute it is the same statement.
    expect(await awa.refused('community', 'invite-void', ...WORDS, '--', invite)).toMatch(
      /^1 (statement-known|invitation-void)$/,
    )
    expect(await awa.refused('community', 'invite-void', ...WORDS, '--', KEY)).toBe('1 invitation-unknown')
    expect(await awa.refused('community', 'invite-void', ...WORDS, '--', 'short')).toBe('2 usage')
    await bo.ask('identity', 'new', '--words-file', 'other.txt')
    expect(await bo.refused('join', link, '--name', 'Cee', '--words-file', 'other.txt')).toMatch(/^[12] /)
    const slots = await bo.ask<{ slot: number; state: string }[]>('invite', 'list')
    expect(slots[0]).toMatchObject({ slot: 0, state: 'free' })
  })

  test('ACT-3 two of a council withdraw one by a file', async () => {
    const awa = await founder(await emptyRelay())
    const bo = await guestOf(awa, 'Bo')
    await bo.ask('invite')
    const invite = await invitationOf(bo)
    const { members } = await shown(awa, await memberOf(bo))
    await awa.ask('community', 'council', ...WORDS, '--', '2', ...members.map(({ root }) => root))
    expect(await awa.refused('community', 'invite-void', ...WORDS, '--', invite)).toBe('1 council-minority')
    await awa.ask('community', 'invite-void', ...WORDS, '--out', 'void.json', '--', invite)
    const file = join(awa.folder, 'void.json')
    expect(await awa.refused('submit', file)).toBe('1 council-minority')
    await bo.ask('sign', file, ...WORDS)
    await bo.ask('submit', file)
    expect(await awa.refused('submit', file)).toBe('1 statement-known')
  })

  test('ROTATE-1 the council hands the log to another relay', async () => {
    const relay = await emptyRelay()
    const awa = await founder(relay)
    const next = await startRelayProcess(['--mirror', relay.origin])
    onTestFinished(() => next.close())
    await next.stop()
    const logKey = (await runRelay(['--next-log-key', '--data', next.data]).ended).stdout.trim()
    await awa.ask(
      'community',
      'log-rotate',
      ...WORDS,
      '--witness',
      KEY,
      '--witness',
      OTHER_KEY,
      '--needed',
      '1',
      '--',
      logKey,
    )
    const { log, witnesses } = await awa.ask<Logs>('community', 'show')
    expect(log).toBe(logKey)
    expect(witnesses).toEqual({ k: 1, keys: [KEY, OTHER_KEY] })
    expect(await awa.refused('community', 'log-rotate', ...WORDS, '--', logKey)).toBe('1 log-known')
    expect(await awa.refused('invite')).toBe('1 not-log')
  })

  test('ROTATE-1 says what about witnesses cannot be, and writes what others sign', async () => {
    const awa = await founder(await emptyRelay())
    const rotate = ['community', 'log-rotate', ...WORDS] as const
    expect(await awa.refused(...rotate, '--needed', '1', '--', KEY)).toBe('2 witnesses-impossible')
    expect(await awa.refused(...rotate, '--witness', KEY, '--needed', '2', '--', KEY)).toBe(
      '2 witnesses-impossible',
    )
    expect(await awa.refused(...rotate, '--no-witnesses', '--witness', KEY, '--', KEY)).toBe(
      '2 witnesses-impossible',
    )
    expect(await awa.refused(...rotate, '--', 'short')).toBe('2 usage')
    const plain = await awa.ask<{ payload: object; signed: number }>(
      ...rotate,
      '--out',
      'rotate.json',
      '--',
      KEY,
    )
    expect(plain).toMatchObject({ signed: 1, payload: { log: KEY } })
    expect(plain.payload).not.toHaveProperty('witnesses')
    expect(JSON.parse(readFileSync(join(awa.folder, 'rotate.json'), 'utf8'))).toMatchObject({
      format: 'palabre-request',
    })
    const none = await awa.ask<{ payload: object }>(
      ...rotate,
      '--no-witnesses',
      '--out',
      'rotate.json',
      '--',
      KEY,
    )
    expect(none.payload).toMatchObject({ witnesses: { k: 0, keys: [] } })
  })
})
