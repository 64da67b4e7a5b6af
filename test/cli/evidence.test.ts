import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { beforeEach, describe, expect, test } from 'vitest'
import { readExhibit } from '../../node/audit/exhibit.ts'
import { exhibitOf } from '../../node/ledger/alarm.ts'
import { compareBytes } from '../../protocol/bytes.ts'
import { encodeEntry } from '../../protocol/community/entry.ts'
import { EQUIVOCATION, LEAK, LOG_FORK } from '../../protocol/community/evidence.ts'
import { type Envelope, seal } from '../../protocol/envelope.ts'
import { hash } from '../../protocol/hash.ts'
import { idBytes } from '../../protocol/ids.ts'
import { DAY, MINUTE } from '../../protocol/limits.ts'
import { encodeFileHead } from '../../protocol/log/ledger-file.ts'
import { encodeBundle } from '../../protocol/log/tile.ts'
import {
  type CopyHolder,
  createStage,
  holder,
  patience,
  type Stage,
  twoHistories,
  verifier,
} from '../node/ledger/stage.ts'
import { addDevice, foundCommunity, invite, join as joinBy, NOON, signerOf } from '../support/community.ts'
import { temporaryFolder } from '../support/folder.ts'
import { StagedHistory } from '../support/staged-log.ts'
import { palabre } from './run.ts'

/** Workers are started for what only a whole audit can tell. Milliseconds. */
const PATIENCE = 60_000

let stage: Stage
let folder: string
beforeEach(async () => {
  folder = temporaryFolder()
  stage = await createStage()
})

/** What the command says of a file, held against a history as somebody else keeps it. */
async function verify(history: StagedHistory, exhibit: Uint8Array) {
  const note = await history.checkpoint()
  writeFileSync(
    join(folder, 'village.ledger'),
    Buffer.concat([encodeFileHead(note), encodeBundle(history.entries)]),
  )
  writeFileSync(join(folder, 'exhibit'), exhibit)
  const args = ['audit', 'village.ledger', '--verify-evidence', 'exhibit'] as const
  const plain = await palabre(folder, ...args)
  const { status, stdout, stderr } = await palabre(folder, '--json', ...args)
  const document = JSON.parse(stdout)
  expect(stderr).toBe('')
  expect(plain.status).toBe(status)
  // One sentence or two for people, which name the kind or the reason that programs are told.
  if (status !== 2) {
    const named = document.holds ? document.kind : document.reason
    expect(plain).toMatchObject({
      stdout: expect.stringMatching(new RegExp(`^[A-Z].*${named}\\)\\.\\n$`)),
      stderr: '',
    })
  }
  return { status, ...document }
}

/** The last alarm of a member's device, as the app saves it. */
function saved({ ledger }: CopyHolder): Uint8Array {
  const alarm = ledger.alarms.value.at(-1)
  if (alarm === undefined) throw new Error('no alarm')
  return exhibitOf(alarm)
}

/** The same entries, signed by somebody who is not the log. */
function byMallory({ community, entries }: StagedHistory): StagedHistory {
  return new StagedHistory(verifier, signerOf('Mallory'), community, entries)
}

describe('what the app of a member noticed and saved', { timeout: PATIENCE }, () => {
  const log = signerOf('the log').publicKey

  test('forked: two checkpoints of one size, and of two', async () => {
    const { honest, other } = await twoHistories(stage, 3)
    stage.told = { history: honest, cp: await honest.checkpoint() }
    const bob = await holder(stage, 'Bob')
    for (const size of [6, 5]) {
      stage.told = { history: other, cp: await other.checkpoint(size) }
      await bob.pull()
      expect(await verify(honest, saved(bob))).toEqual({
        status: 0,
        holds: true,
        kind: 'fork',
        log,
        at: size,
      })
      // Whoever was shown the other history verifies it just as well.
      expect(await verify(other, saved(bob))).toMatchObject({ status: 0, holds: true })
    }
  })

  test('promise-broken, promised-twice and promise-unkept', async () => {
    const { founded, alice } = stage
    stage.told = { history: founded, cp: await founded.checkpoint() }
    const his = await addDevice({ ...alice }, 'his', NOON)
    const others = await addDevice({ ...alice }, 'another', NOON)
    const broken = founded.and(NOON, others)
    const submitTo = async (name: string, ...promises: readonly Envelope<unknown>[]) => {
      const bob = await holder(stage, name)
      const given = [...promises]
      stage.take = async () => ({ promise: given.shift()?.bytes as Uint8Array })
      for (const [i] of promises.entries())
        await bob.ledger.submit(stage.relay.peer, [his, others][i] as Envelope<unknown>, patience())
      return bob
    }
    const betrayed = await submitTo('Bob', await founded.promise(his, 3, NOON))
    stage.told = { history: broken, cp: await broken.checkpoint() }
    await betrayed.pull()
    const broke = { status: 0, holds: true, kind: 'broken-promise', log, at: 3 }
    expect(await verify(founded, saved(betrayed))).toEqual(broke)

    const twice = [await founded.promise(his, 3, NOON), await founded.promise(others, 3, NOON)]
    stage.told = { history: founded, cp: await founded.checkpoint() }
    const misled = await submitTo('Carol', ...twice)
    expect(await verify(founded, saved(misled))).toEqual({ ...broke, kind: 'double-promise' })

    const old = await founded.promise(his, 3, NOON - 3000 * DAY)
    const waiting = await submitTo('David', old)
    await waiting.pull()
    expect(saved(waiting)).toEqual(old.bytes)
    expect(await verify(founded, old.bytes)).toEqual({ ...broke, kind: 'promise-unkept' })
    expect(await verify(broken, old.bytes)).toEqual({ ...broke, kind: 'promise-broken' })
    expect(await verify(founded.and(NOON, his), old.bytes)).toMatchObject({
      status: 1,
      reason: 'evidence-wrong',
    })
    const young = await founded.promise(his, 3, NOON + 10_000 * DAY)
    expect(await verify(founded, young.bytes)).toMatchObject({ status: 1, reason: 'not-yet' })
    const forged = await byMallory(founded).promise(his, 3, NOON)
    expect(await verify(broken, forged.bytes)).toMatchObject({ status: 1, reason: 'log-unknown' })
  })

  test('state-wrong and root-wrong: a checkpoint to which the entries do not come', async () => {
    const { honest, other } = await twoHistories(stage, 3)
    const lie = await honest.checkpoint(5, { state: hash(Uint8Array.of(1)) })
    stage.told = { history: honest, cp: lie }
    const bob = await holder(stage, 'Bob')
    expect(await verify(honest, saved(bob))).toEqual({
      status: 0,
      holds: true,
      kind: 'state-wrong',
      log,
      at: 5,
    })

    stage.told = { history: honest, size: 3 }
    const carol = await holder(stage, 'Carol')
    stage.told = { history: honest, cp: await other.checkpoint() }
    await carol.pull()
    expect(await verify(honest, saved(carol))).toEqual({
      status: 0,
      holds: true,
      kind: 'root-wrong',
      log,
      at: 6,
    })

    const true5 = await honest.checkpoint(5)
    expect(await verify(honest, true5)).toMatchObject({ status: 1, holds: false, reason: 'evidence-wrong' })
    expect(await verify(stage.founded, lie)).toMatchObject({ status: 1, reason: 'not-yet' })
    expect(await verify(honest, await byMallory(honest).checkpoint())).toMatchObject({
      status: 1,
      reason: 'signer-missing',
    })
  })

  test('void-taken: an entry that breaks a rule', async () => {
    const sponsor = { ...stage.alice }
    const first = await invite(sponsor, 0, NOON)
    const twice = await invite(sponsor, 0, NOON)
    const history = stage.founded.and(NOON, first.envelope, twice.envelope)
    stage.told = { history, cp: await history.checkpoint() }
    const bob = await holder(stage, 'Bob')
    const proof = { status: 0, holds: true, kind: 'void-taken', at: 4, reason: 'slot-spent' }
    expect(await verify(history, saved(bob))).toEqual(proof)
    expect(await verify(history, history.entries[3] as Uint8Array)).toMatchObject({ status: 1, holds: false })
    const never = encodeEntry({ at: NOON + MINUTE, e: twice.envelope.bytes })
    expect(await verify(history, never)).toMatchObject({ status: 1, holds: false })
  })
})

describe('a statement that accuses somebody', { timeout: PATIENCE }, () => {
  const anybody = signerOf('anybody')

  test('equivocation: the key of a member signed two statements for one place', async () => {
    const { alice, founded } = stage
    const one = await invite({ ...alice }, 0, NOON)
    const other = await invite({ ...alice }, 1, NOON)
    const [a, b] = [one, other]
      .map(({ envelope }) => envelope)
      .toSorted((x, y) => compareBytes(idBytes(x.id), idBytes(y.id)))
      .map(({ bytes }) => bytes) as [Uint8Array, Uint8Array]
    const { bytes } = await seal(EQUIVOCATION, founded.community, { a, b, at: NOON }, [anybody])
    const proof = {
      status: 0,
      holds: true,
      kind: 'equivocation',
      key: alice.device.publicKey,
      member: alice.member,
    }
    expect(await verify(founded, bytes)).toEqual(proof)
    // In a ledger that knows it already it is as true.
    expect(await verify(founded.and(NOON, { bytes }), bytes)).toEqual(proof)
    const again = await seal(EQUIVOCATION, founded.community, { a, b, at: NOON + MINUTE }, [anybody])
    expect(await verify(founded.and(NOON, { bytes }), again.bytes)).toEqual(proof)
    const turned = await seal(EQUIVOCATION, founded.community, { a: b, b: a, at: NOON }, [anybody])
    expect(await verify(founded, turned.bytes)).toEqual({ status: 1, holds: false, reason: 'evidence-wrong' })
  })

  test('leak: two people had the link of one invitation', async () => {
    const { alice, founded } = stage
    const invitation = await invite({ ...alice }, 0, NOON)
    const [bob, mallory] = [await joinBy(invitation, 'Bob', NOON), await joinBy(invitation, 'Mallory', NOON)]
    const leak = (join: Uint8Array) => seal(LEAK, founded.community, { join, at: NOON }, [anybody])
    const history = founded.and(NOON, invitation.envelope, bob.envelope)
    expect(await verify(history, (await leak(mallory.envelope.bytes)).bytes)).toEqual({
      status: 0,
      holds: true,
      kind: 'leak',
      invitation: invitation.id,
      member: alice.member,
    })
    const wrong = { status: 1, holds: false }
    const his = await leak(bob.envelope.bytes)
    expect(await verify(history, his.bytes)).toEqual({ ...wrong, reason: 'evidence-wrong' })
    const early = await leak(mallory.envelope.bytes)
    expect(await verify(founded, early.bytes)).toEqual({ ...wrong, reason: 'invitation-unknown' })
  })

  test('log-fork: the log signed two trees of one size', async () => {
    const { founded } = stage
    const { honest, other } = await twoHistories(stage, 3)
    stage.told = { history: honest, cp: await honest.checkpoint() }
    const bob = await holder(stage, 'Bob')
    stage.told = { history: other, cp: await other.checkpoint() }
    await bob.pull()
    const statement = { evidence: saved(bob), at: NOON }
    const { bytes } = await seal(LOG_FORK, founded.community, statement, [anybody])
    const log = signerOf('the log').publicKey
    expect(await verify(honest, bytes)).toEqual({ status: 0, holds: true, kind: 'log-fork', log, at: 6 })
  })

  test('any other statement accuses nobody', async () => {
    const { alice, founded } = stage
    const { envelope } = await invite({ ...alice }, 0, NOON)
    expect(await verify(founded, envelope.bytes)).toEqual({ status: 1, holds: false, reason: 'unknown-type' })
  })
})

test(
  'what is of another community proves nothing here, whatever it is',
  async () => {
    const { honest, other } = await twoHistories(stage, 2)
    const elsewhere = await foundCommunity(signerOf('the log').publicKey, NOON, 'Zoe')
    const theirs = new StagedHistory(verifier, signerOf('the log'), elsewhere.community, elsewhere.entries)
    stage.told = { history: honest, cp: await honest.checkpoint() }
    const bob = await holder(stage, 'Bob')
    stage.told = { history: other, cp: await other.checkpoint() }
    await bob.pull()
    const { envelope } = await invite({ ...stage.alice }, 0, NOON)
    const leak = await seal(LEAK, honest.community, { join: envelope.bytes, at: NOON }, [signerOf('anybody')])
    const none = { status: 1, holds: false }
    const foreign = { ...none, reason: 'foreign-community' }
    expect(await verify(theirs, saved(bob))).toEqual(foreign)
    expect(await verify(theirs, leak.bytes)).toEqual(foreign)
    expect(await verify(theirs, (await honest.promise(envelope, 9, NOON)).bytes)).toEqual(foreign)
    expect(await verify(theirs, await honest.checkpoint())).toEqual({ ...none, reason: 'log-unknown' })
    expect(await verify(theirs, honest.entries[1] as Uint8Array)).toEqual({
      ...none,
      reason: 'evidence-wrong',
    })
  },
  PATIENCE,
)

test('whatever is damaged is no evidence of any kind, at every byte at which it ends', async () => {
  const { honest, other } = await twoHistories(stage, 1)
  stage.told = { history: honest, cp: await honest.checkpoint() }
  const bob = await holder(stage, 'Bob')
  stage.told = { history: other, cp: await other.checkpoint() }
  await bob.pull()
  const { envelope } = await invite({ ...stage.alice }, 0, NOON)
  const exhibits = {
    evidence: saved(bob),
    checkpoint: await honest.checkpoint(),
    promise: (await honest.promise(envelope, 3, NOON)).bytes,
    entry: honest.entries[1] as Uint8Array,
    statement: envelope.bytes,
  }
  for (const [is, bytes] of Object.entries(exhibits)) {
    expect(readExhibit(bytes), is).toMatchObject({ ok: true, value: { is } })
    for (let end = 0; end < bytes.length; end++)
      expect(readExhibit(bytes.subarray(0, end)).ok, `${is}, ${end} bytes`).toBe(false)
    expect(readExhibit(Buffer.concat([bytes, Buffer.of(0)])).ok, is).toBe(false)
  }
  expect(await verify(honest, exhibits.evidence.subarray(1))).toMatchObject({
    status: 2,
    error: { code: 'evidence-malformed' },
  })
})
