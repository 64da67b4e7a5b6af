import { execFileSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, onTestFinished, test } from 'vitest'
import type { Peer, RoomSession } from '../../../node/view.ts'
import type { MemberId } from '../../../protocol/ids.ts'
import { join as comeIn, joinListed, newDevice, until } from '../../support/node-peer.ts'
import { ALICE } from '../../support/recordings/recordings.ts'
import { emptyRelay, founder, guestOf, memberOf, PATIENCE, type Person, person } from './terminal.ts'

interface Voice {
  readonly member: string
  readonly name: string
  readonly way: string
  readonly check: string
  readonly packets: number
  readonly sound: number
  readonly lost: number
}

/** Alice's recording, as a file that a person made with opusenc. */
function story({ folder }: Person, ...options: readonly string[]): string {
  const file = join(folder, 'story.opus')
  execFileSync('opusenc', ['--quiet', '--bitrate', '24', ...options, ALICE.path, file])
  return file
}

/** Somebody whose voice is as real, who came by a link of Awa's. */
async function neighbour(awa: Person, origin: string, name: string): Promise<Peer> {
  const { link } = await awa.ask<{ link: string }>('invite')
  const device = await newDevice({ sounds() {} })
  const peer = await comeIn(device.open(origin), link, name)
  onTestFinished(() => peer.stop())
  return peer
}

function documentsOf<T>(stdout: string): readonly T[] {
  return stdout
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as T)
}

describe('voices at a terminal', { timeout: PATIENCE }, () => {
  test('one speaks from a file, another hears them verified, and the end of the room ends both', async () => {
    const relay = await emptyRelay()
    const awa = await founder(relay)
    const bo = await guestOf(awa, 'Bo')
    const member = await memberOf(awa)
    const speaking = awa.begin('speak', '--open', 'Evening tales', '--repeat', story(awa))
    const room = await speaking.says<string>('room')
    const listening = bo.begin('listen', `${relay.origin}/#/r/${room}`)
    const heard = await listening.says<Voice>('voice', ({ sound }) => sound >= 3_000)
    expect(heard).toMatchObject({ member, name: 'Awa', check: 'verified', way: 'direct', lost: 0 })
    expect(heard.sound).toBe(20 * heard.packets)

    speaking.interrupt()
    const said = await speaking.says<{ packets: number; sent: number; file: object }>('said')
    expect(said.file).toEqual({ packets: 357, milliseconds: 7_140 })
    expect((await speaking.ended).status).toBe(0)
    const all = await listening.says<readonly Voice[]>('heard')
    expect(all).toMatchObject([{ member, check: 'verified', lost: 0 }])
    // What came before the secret did; nothing else was kept from him, or made up.
    const { 'frame-locked': locked = 0, ...others } = await listening.says<Record<string, number>>('refused')
    expect(others).toEqual({})
    const came = (all[0]?.packets ?? 0) + locked
    expect(came).toBeGreaterThanOrEqual(150)
    expect(came).toBeLessThanOrEqual(said.sent)
    expect((await listening.ended).status).toBe(0)
  })

  test('one speaks and another hears it verified: over the relay in a room of nine, and directly in a private one', {
    timeout: 2 * PATIENCE,
  }, async () => {
    const relay = await emptyRelay()
    const awa = await founder(relay)
    const bo = await guestOf(awa, 'Bo')
    const member = await memberOf(awa)
    const neighbours: Peer[] = []
    for (let i = 0; i < 7; i++) neighbours.push(await neighbour(awa, relay.origin, `Neighbour ${i}`))
    const speaking = awa.begin('speak', '--open', 'Evening tales', '--repeat', story(awa))
    const room = await speaking.says<string>('room')
    const inside: RoomSession[] = []
    for (const peer of neighbours) inside.push(await joinListed(peer, 'Evening tales'))
    const listening = bo.begin('listen', '--', room)
    const heard = await listening.says<Voice>('voice', ({ way, sound }) => way === 'relay' && sound >= 3_000)
    expect(heard).toMatchObject({ member, name: 'Awa', check: 'verified' })
    // Everybody is still there, and hears her so.
    for (const { view } of inside)
      await until(view, ({ carrier, people }) => carrier !== undefined && people.length === 9)
    speaking.interrupt()
    await speaking.says('said')
    expect((await speaking.ended).status).toBe(0)
    expect((await listening.ended).status).toBe(0)

    const [host] = neighbours as [Peer]
    const own = await host.openRoom({ title: 'The surprise', topics: [], language: 'en', isPrivate: true })
    const { id } = own.view.value
    const [storyteller, listener] = [member, await memberOf(bo)] as MemberId[]
    await own.letIn([storyteller as MemberId, listener as MemberId])
    const speakingThere = awa.begin('speak', '--accept', '--repeat', '--', id, story(awa))
    await until(own.view, ({ people }) => people.some((one) => one.member === storyteller && one.hand === 1))
    await own.offerLevel(storyteller as MemberId, 60)
    await speakingThere.says('stage')
    const listeningThere = bo.begin('listen', '--', id)
    const there = await listeningThere.says<Voice>('voice', ({ sound }) => sound >= 3_000)
    expect(there).toMatchObject({ member, name: 'Awa', check: 'verified', way: 'direct' })
    await own.end()
    expect((await listeningThere.ended).status).toBe(0)
    await speakingThere.ended
  })

  test('nobody is put on a stage who did not ask for it, and what is no room is none', async () => {
    const relay = await emptyRelay()
    const awa = await founder(relay)
    const bo = await guestOf(awa, 'Bo')
    const speaking = awa.begin('speak', '--open', 'Evening tales', '--repeat', story(awa))
    const room = await speaking.says<string>('room')
    const tale = story(bo)
    const refused = await bo.type('--json', 'speak', '--', room, tale)
    expect(refused.status).toBe(1)
    expect(documentsOf(refused.stdout).at(-1)).toMatchObject({ error: { code: 'stage-needed' } })
    // His hand is up, and nobody offers him anything.
    const asking = await bo.type('--json', 'speak', '--accept', '--wait', '2', '--', room, tale)
    expect(asking.status).toBe(2)
    expect(documentsOf(asking.stdout).at(-1)).toMatchObject({ error: { code: 'stage-not-offered' } })
    expect(await bo.refused('listen', '--', 'A'.repeat(43))).toBe('2 room-gone')
    expect(await bo.refused('listen', 'not a room')).toBe('2 usage')
    expect(await bo.refused('listen', `${relay.origin}/#/people/x`)).toBe('2 usage')
    expect(await person().refused('listen', '--relay', relay.origin, '--', room)).toBe('2 not-joined')
  })

  test('a file that no relay would carry is refused before anybody is asked for anything', async () => {
    const awa = person()
    const said = async (file: string) => awa.refused('speak', '--open', 'Tales', file)
    expect(await said('nothing.opus')).toBe('2 file-unreadable')
    writeFileSync(join(awa.folder, 'text.opus'), 'This is no sound.')
    expect(await said('text.opus')).toBe('2 opus-foreign')
    expect(await said(story(awa, '--framesize', '10'))).toBe('2 opus-packets')
    expect(await said(story(awa, '--bitrate', '96', '--hard-cbr'))).toBe('2 opus-bitrate')
    const { stdout } = await awa.type('--json', 'speak', '--open', 'Tales', story(awa, '--framesize', '10'))
    expect(stdout).toContain('opusenc --framesize 20')
  })
})
