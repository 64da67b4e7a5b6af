/** What the council is told and decides together, over a real relay, by the peers that the app runs and by the command line. */

import { readFileSync, writeFileSync } from 'node:fs'
import { join as joinPath } from 'node:path'
import { afterEach, expect, test } from 'vitest'
import type { ProposalView } from '../../node/people/council-view.ts'
import type { NewIdentity, Peer, People } from '../../node/view.ts'
import type { KeyText, MemberId } from '../../protocol/ids.ts'
import { type Person, person } from '../cli/member/terminal.ts'
import { codeOf, type Device, newDevice, until } from '../support/node-peer.ts'
import { type RelayProcess, startRelayProcess } from '../support/relay-process.ts'

const endings: (() => Promise<unknown>)[] = []
afterEach(async () => {
  for (const end of endings.splice(0).reverse()) await end()
})

/** Somebody with their peer, their words and their device. */
interface Somebody {
  readonly peer: Peer
  readonly people: People
  readonly device: Device
  readonly phrase: string
  readonly id: MemberId
}

async function somebody(device: Device, peer: Peer, identity: NewIdentity): Promise<Somebody> {
  endings.push(() => peer.stop())
  await until(peer.relay, (state) => state === 'connected')
  return { peer, people: await peer.people(), device, phrase: identity.phrase.join(' '), id: peer.me.id }
}

async function founded(): Promise<{ readonly relay: RelayProcess; readonly alice: Somebody }> {
  const relay = await startRelayProcess()
  endings.push(() => relay.close())
  const device = await newDevice()
  const door = device.open(relay.origin)
  const identity = await door.newIdentity()
  const token = codeOf(relay.foundingLink as string)
  const peer = await door.found({ token, community: 'Le Baobab', name: 'Alice', identity })
  return { relay, alice: await somebody(device, peer, identity) }
}

async function guest(relay: RelayProcess, sponsor: Somebody, name: string): Promise<Somebody> {
  const device = await newDevice()
  const door = device.open(relay.origin)
  const code = codeOf((await sponsor.peer.invite()).link)
  await door.readInvitation(code)
  const identity = await door.newIdentity()
  return somebody(device, await door.join({ code, name, identity }), identity)
}

async function knows({ people }: Somebody, { id }: Somebody): Promise<void> {
  await until(people.all, (all) => all.some((one) => one.id === id))
}

function taken(read: ProposalView | string): ProposalView {
  if (typeof read === 'string') throw new Error(read)
  return read
}

/** Root keys of these, as the council names them. */
async function rootsOf(of: readonly Somebody[]): Promise<readonly KeyText[]> {
  return Promise.all(
    of.map(async ({ people }) => {
      const own = JSON.parse(await people.exportOwn()) as { state: { root: KeyText } }
      return own.state.root
    }),
  )
}

test('REPORT-1 a report made by one peer is opened by the council in another, and marked as read there', async () => {
  const { relay, alice } = await founded()
  const bob = await guest(relay, alice, 'Bob')
  const carol = await guest(relay, alice, 'Carol')
  await knows(bob, carol)
  await bob.people.desk.report(carol.id, 'abuse', '  Elle a crié.\n\nDeux fois. ', undefined)
  const { desk } = alice.people
  const [sealed] = (await until(desk.messages, (all) => all?.length === 1)) ?? []
  expect(sealed).toMatchObject({ type: 'report', from: bob.id, fresh: true, content: 'sealed' })
  await expect(desk.open(bob.phrase)).rejects.toMatchObject({ code: 'phrase-wrong' })
  expect(desk.messages.value?.[0]?.content).toBe('sealed')
  await desk.open(alice.phrase)
  const [opened] = desk.messages.value ?? []
  expect(opened).toMatchObject({ content: { of: carol.id, why: 'abuse', words: 'Elle a crié. Deux fois.' } })
  await desk.markRead([opened?.id as never])
  expect(desk.messages.value?.[0]?.fresh).toBe(false)
  // What comes later opens by itself, and nobody else is even told that there is something.
  await carol.people.desk.report(bob.id, 'other', '')
  await until(desk.messages, (all) => all?.[0]?.fresh === true && all[0].content !== 'sealed')
  expect(bob.people.desk.messages.value).toBeUndefined()

  await alice.peer.stop()
  const again = await alice.device.open(relay.origin).resume()
  if (again === undefined) throw new Error('no member any more')
  endings.push(() => again.stop())
  const messages = await until((await again.people()).desk.messages, (all) => all?.length === 2)
  expect(messages?.map(({ fresh, content }) => [fresh, content])).toEqual([
    [true, 'sealed'],
    [false, 'sealed'],
  ])
})

test('APPEAL-1 who is told answers with their device, and who is banned with their words; the council sees both', async () => {
  const { relay, alice } = await founded()
  const bob = await guest(relay, alice, 'Bob')
  await knows(alice, bob)
  expect(bob.people.desk.appeal.value).toEqual({ state: 'nothing' })
  await alice.people.desk.decide({ what: 'notice', member: bob.id, why: 'spam' }, alice.phrase)
  await until(bob.people.desk.appeal, (view) => view.state === 'possible' && view.by === 'device')
  await bob.people.desk.sendAppeal('Not me.', undefined)
  expect(bob.people.desk.appeal.value).toMatchObject({ state: 'sent' })
  await expect(bob.people.desk.sendAppeal('Really.', undefined)).rejects.toMatchObject({
    code: 'already-done',
  })

  await alice.people.desk.decide({ what: 'ban', member: bob.id, why: 'spam', cut: false }, alice.phrase)
  await until(bob.people.desk.appeal, (view) => view.state === 'possible' && view.by === 'root')
  await expect(bob.people.desk.sendAppeal('Please.', alice.phrase)).rejects.toMatchObject({
    code: 'phrase-wrong',
  })
  await bob.people.desk.sendAppeal('Please.', bob.phrase)
  expect(bob.people.desk.appeal.value).toMatchObject({ state: 'sent' })
  await expect(bob.people.desk.sendAppeal('Please!', bob.phrase)).rejects.toMatchObject({
    code: 'already-done',
  })

  // A device that was away while it happened learns from the relay that it is let in no more.
  await bob.peer.stop()
  const { desk } = alice.people
  await desk.open(alice.phrase)
  const messages = await until(desk.messages, (all) => all?.length === 2)
  expect(messages?.map(({ type, from, content, decision }) => [type, from, content, decision?.what])).toEqual(
    [
      ['appeal', bob.id, expect.objectContaining({ words: 'Please.' }), 'ban'],
      [
        'appeal',
        bob.id,
        expect.objectContaining({ words: 'Not me.' }),
        expect.stringMatching(/^(notice|ban)$/),
      ],
    ],
  )
})

test('APPEAL-1 a device that was away while its member was banned still lets them appeal', async () => {
  const { relay, alice } = await founded()
  const bob = await guest(relay, alice, 'Bob')
  await knows(alice, bob)
  await bob.peer.stop()
  await alice.people.desk.decide({ what: 'ban', member: bob.id, why: 'fake', cut: false }, alice.phrase)
  const back = await bob.device.open(relay.origin).resume()
  if (back === undefined) throw new Error('no device any more')
  endings.push(() => back.stop())
  await until(back.refused, (code) => code === 'not-member')
  const { desk } = await back.people()
  expect(desk.appeal.value).toEqual({ state: 'possible', by: 'root' })
  await desk.sendAppeal('I was away.', bob.phrase)
  expect(desk.appeal.value).toMatchObject({ state: 'sent' })
  await until(alice.people.desk.messages, (all) => all?.length === 1)
})

test('ACT-3 a council of two decides by what they hand on, in the app and at the terminal, with the same bytes', async () => {
  const { relay, alice } = await founded()
  const bob = await guest(relay, alice, 'Bob')
  const carol = await guest(relay, alice, 'Carol')
  await knows(alice, carol)
  const keys = await rootsOf([alice, bob])
  expect(await alice.people.desk.decide({ what: 'council', needed: 2, keys }, alice.phrase)).toBeUndefined()
  await until(bob.people.desk.view, ({ mine, needed }) => mine && needed === 2)
  await knows(bob, carol)

  const act = { what: 'ban', member: carol.id, why: 'abuse', cut: true } as const
  const proposed = await alice.people.desk.decide(act, alice.phrase)
  if (proposed === undefined) throw new Error('one signature was enough')
  expect(proposed).toMatchObject({ act, needed: 2, mine: true, state: 'open' })
  expect(proposed.signed.map(({ member }) => member)).toEqual([alice.id])
  await expect(alice.people.desk.submit(proposed)).rejects.toMatchObject({ code: 'refused' })

  // By the link, by the file, and by what stands in them.
  for (const text of [proposed.link, proposed.file, ` ${proposed.link.split('/').at(-1)}\n`])
    expect(taken(await bob.people.desk.read(text))).toMatchObject({ act, mine: false, state: 'open' })
  const read = taken(await bob.people.desk.read(proposed.link))
  await expect(bob.people.desk.sign(read, carol.phrase)).rejects.toMatchObject({ code: 'phrase-wrong' })

  // Bob signs at a terminal what Alice made in the app, and sends in the app what came of it.
  const terminal: Person = person()
  writeFileSync(joinPath(terminal.folder, 'words.txt'), bob.phrase)
  const words = ['--words-file', 'words.txt']
  await terminal.ask('identity', 'restore', '--relay', relay.origin, ...words)
  writeFileSync(joinPath(terminal.folder, 'ban.json'), proposed.file)
  await terminal.ask('sign', 'ban.json', ...words)
  const signedThere = readFileSync(joinPath(terminal.folder, 'ban.json'), 'utf8')
  const signedHere = await bob.people.desk.sign(read, bob.phrase)
  expect(signedHere.file).toBe(signedThere)
  expect(signedHere).toMatchObject({ state: 'ready', mine: true })
  const ready = taken(await alice.people.desk.read(signedThere))
  await alice.people.desk.submit(ready)
  await until(bob.people.all, (all) => all.find(({ id }) => id === carol.id)?.standing === 'banned')
  expect(taken(await bob.people.desk.read(signedThere))).toMatchObject({ state: 'done' })

  // And the other way round: proposed at the terminal, signed and sent in the app.
  await terminal.ask('unban', '--out', 'unban.json', ...words, '--', carol.id)
  const file = readFileSync(joinPath(terminal.folder, 'unban.json'), 'utf8')
  const unban = taken(await alice.people.desk.read(file))
  expect(unban.act).toEqual({ what: 'unban', member: carol.id })
  await alice.people.desk.submit(await alice.people.desk.sign(unban, alice.phrase))
  await until(bob.people.all, (all) => all.find(({ id }) => id === carol.id)?.standing === 'active')
})

test('ACT-3 what is no proposal, another community’s, outdated or badly signed is said to be so', async () => {
  const { relay, alice } = await founded()
  const { alice: other } = await founded()
  const bob = await guest(relay, alice, 'Bob')
  await knows(alice, bob)
  const [root, bobs] = await rootsOf([alice, bob])
  const foreign = await rootsOf([other])
  const council = { what: 'council', needed: 2, keys: [root, bobs] as KeyText[] } as const
  await alice.people.desk.decide(council, alice.phrase)
  await until(bob.people.desk.view, ({ needed }) => needed === 2)
  const { desk } = alice.people
  for (const text of [
    '',
    'nonsense',
    '{}',
    '{"format":"palabre-request"',
    `https://x/#/sign/${'A'.repeat(40)}`,
  ])
    expect(await desk.read(text)).toBe('damaged')
  await other.people.desk.decide({ what: 'council', needed: 1, keys: foreign }, other.phrase)

  const proposal = await desk.decide({ what: 'notice', member: bob.id, why: 'spam' }, alice.phrase)
  if (proposal === undefined) throw new Error('one signature was enough')
  expect(await other.people.desk.read(proposal.file)).toBe('foreign')
  // A signature that does not hold counts for nobody.
  const { statement } = JSON.parse(proposal.file) as { statement: string }
  const broken = Buffer.from(statement, 'base64url')
  broken[broken.length - 1] = (broken[broken.length - 1] as number) ^ 1
  expect(taken(await desk.read(broken.toString('base64url')))).toMatchObject({
    signed: [],
    mine: false,
    state: 'refused',
  })
  // Once there is another council, it is too late.
  const next = await desk.decide({ what: 'council', needed: 1, keys: [root] as KeyText[] }, alice.phrase)
  await bob.people.desk.submit(
    await bob.people.desk.sign(taken(await bob.people.desk.read(next?.link ?? '')), bob.phrase),
  )
  await until(desk.view, ({ seats }) => seats.length === 1)
  expect(taken(await desk.read(proposal.file))).toMatchObject({ state: 'refused' })
})
