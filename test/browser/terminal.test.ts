/** A person at a browser and one at a terminal, in the same room, on a direct link. */

import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { MemberId, RoomId } from '../../protocol/ids.ts'
import { person as atTerminal, memberOf, type Person as Terminal } from '../cli/member/terminal.ts'
import { type Person, person, type Somebody } from '../support/person.ts'
import { ALICE, BOB } from '../support/recordings/recordings.ts'
import { type RelayProcess, startRelayProcess } from '../support/relay-process.ts'
import { inOneStory } from '../support/story.ts'

let relay: RelayProcess
let alice: Person
let terminal: Terminal
let bob: Somebody
let room: RoomId

beforeAll(async () => {
  ;[relay, alice] = await Promise.all([startRelayProcess(), person(ALICE, 'chromium')])
  await alice.found(relay.foundingLink ?? '', 'Le Baobab')
  terminal = atTerminal(mkdtempSync(join(tmpdir(), 'palabre-terminal-')))
  await terminal.ask('identity', 'new', '--words-file', 'words.txt')
  await terminal.ask('join', await alice.invite(), '--name', 'Bob', '--words-file', 'words.txt')
  bob = { name: 'Bob', voice: BOB, member: (await memberOf(terminal)) as MemberId }
  await alice.openRoom('Under the tree')
  room = (await alice.page.evaluate(() => location.hash.split('/').at(-1))) as RoomId
  await alice.openMicrophone()
})

afterAll(async () => {
  await alice?.close()
  await relay?.close()
  if (terminal !== undefined) rmSync(terminal.folder, { recursive: true, force: true })
})

describe('Alice in Chromium, Bob at a terminal', () => {
  inOneStory()

  it('he hears her, and that it is her own voice', async () => {
    const begun = performance.now()
    const listening = terminal.begin('listen', '--', room)
    interface Voice {
      readonly check: string
      readonly packets: number
      readonly sound: number
      readonly lost: number
    }
    const heard = await listening.says<Voice>('voice', ({ sound }) => sound >= 4_000)
    expect(heard).toMatchObject({ member: alice.member, name: 'Alice', check: 'verified', way: 'direct' })
    // As much as was said in that time, and no more: 20 ms in each packet.
    expect(heard.sound).toBe(20 * heard.packets)
    expect(heard.sound).toBeLessThan(performance.now() - begun)
    expect(heard.lost).toBeLessThan(heard.packets / 10)
    await alice.sees(bob, { name: 'Bob', stage: false })
    listening.interrupt()
    expect((await listening.ended).status).toBe(0)
    await alice.missesFromRoom(bob)
  })

  it('she hears his file, when she has brought him on stage, and nobody else in it', async () => {
    const file = join(terminal.folder, 'bob.opus')
    execFileSync('opusenc', ['--quiet', '--bitrate', '24', BOB.path, file])
    const speaking = terminal.begin('speak', '--accept', '--repeat', '--', room, file)
    await alice.bringOnStage(bob)
    await alice.sees(bob, { stage: true, muted: false, link: 'connected' })
    await Promise.all([alice.hears(bob), alice.tells(bob)])
    await alice.sees(bob, { speaking: true })
    speaking.interrupt()
    expect((await speaking.ended).status).toBe(0)
    // However long it took her to hear him, all that he said in that time went to her, and to nobody else.
    const { packets, sent } = await speaking.says<{ packets: number; sent: number }>('said')
    expect(sent).toBeGreaterThan(0.9 * packets)
    expect(sent).toBeLessThanOrEqual(packets)
    await alice.missesFromRoom(bob)
    expect(alice.page.problems).toEqual([])
  })
})
