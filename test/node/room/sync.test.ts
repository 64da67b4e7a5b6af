import { expect, test } from 'vitest'
import { serve } from '../../../node/requests.ts'
import { createAgreement } from '../../../node/room/agreement.ts'
import { createRoomLog } from '../../../node/room/log.ts'
import { answerSync, ofOneAnswer, pullRoom } from '../../../node/room/sync.ts'
import { seal } from '../../../protocol/envelope.ts'
import type { RoomId } from '../../../protocol/ids.ts'
import { ROOM, type Room } from '../../../protocol/room/opening.ts'
import type { SignedOperation } from '../../../protocol/room/operation.ts'
import { SYNC, type SyncAnswer, type SyncRequest } from '../../../protocol/wire/services.ts'
import { alice, ROOM_OF_ALICE, Stage } from '../../support/stage.ts'
import { createScene } from '../mesh/scene.ts'

/** More than one run of anti-entropy used to take. */
const MANY = 5_000

/** Bob, who asks, and Alice, who answers as told. */
async function pair(answer: (request: SyncRequest) => SyncAnswer) {
  const scene = await createScene()
  const [bob, her] = [await scene.session('Bob'), await scene.session('Alice')]
  const payload: Room = { ...ROOM_OF_ALICE, m: her.person.member }
  const opening = await seal(ROOM, scene.membership().community, payload, [her.person.device])
  let asked = 0
  await serve(her.network, SYNC, async (_from, request) => {
    asked++
    return answer(request)
  })
  const log = createRoomLog(opening)
  const pull = (take: (messages: readonly Uint8Array[]) => Promise<unknown>) =>
    pullRoom(
      bob.network,
      her.network.peer,
      opening.id as RoomId,
      log,
      take,
      () => {},
      new AbortController().signal,
    )
  return { log, opening, pull, asked: () => asked }
}

/** Checkpoints of Alice, one after the other, each with its place for bytes. */
function checkpoints(length: number): readonly SignedOperation[] {
  const stage = new Stage()
  const first = stage.act(alice, { k: 'checkpoint' })
  const made: SignedOperation[] = []
  for (let n = 0; n < length; n++) {
    const id = `${String(n).padStart(8, '0')}${first.id.slice(8)}` as SignedOperation['id']
    const heads = made.slice(-1).map((one) => one.id)
    const envelope = {
      id,
      bytes: new TextEncoder().encode(String(n)),
    } as unknown as SignedOperation['envelope']
    made.push({ ...first, id, operation: { ...first.operation, n, heads }, envelope })
  }
  return made
}

const made = checkpoints(MANY)
const read = (bytes: Uint8Array) => made[Number(new TextDecoder().decode(bytes))] as SignedOperation

test('SYNC-2 brings somebody who comes late everything in one run', async () => {
  const { log, opening, pull } = await pair((request) =>
    answerSync(theirs, createAgreement(theirs), [], request),
  )
  const theirs = createRoomLog(opening)
  for (const one of made) theirs.add(one)
  expect(await pull(async (messages) => log.addAll(messages.map(read)))).toEqual({ ok: true, value: true })
  expect(log.history.heads).toEqual(theirs.history.heads)
})

test('SYNC-3 an answer has 256 operations, and fewer of those that say much', async () => {
  const { log } = await pair(() => ({}))
  const heavy = made.slice(0, 300).map((one, i) => ({
    ...one,
    // The first weigh as much as any can, the others next to nothing.
    envelope: { ...one.envelope, bytes: new Uint8Array(i < 100 ? 5_785 : 200) },
  }))
  log.addAll(heavy)
  const r = log.opening.id as RoomId
  const asked = (from: number) => answerSync(log, createAgreement(log), [], { r, heads: [], from })
  expect(asked(0)).toMatchObject({ ops: { length: 64 }, next: 64 })
  expect(asked(64)).toMatchObject({ ops: { length: 236 } })
  expect(asked(64).next).toBeUndefined()
  log.addAll(made.slice(300, 400))
  expect(asked(100)).toMatchObject({ ops: { length: 256 }, next: 356 })
})

test('SYNC-2 of an answer with more acts than an honest one no more is taken in', () => {
  const [first] = made as [SignedOperation]
  const of = (acts: number) => ({
    ...first,
    operation: { ...first.operation, also: Array(acts - 1).fill({ k: 'lock' }) },
  })
  expect(ofOneAnswer(made.slice(0, 256))).toHaveLength(256)
  expect(ofOneAnswer(made.slice(0, 257))).toHaveLength(256)
  expect(ofOneAnswer(Array(9).fill(of(32)))).toHaveLength(8)
  expect(ofOneAnswer([...Array(7).fill(of(32)), ...made.slice(0, 40)])).toHaveLength(39)
})

test('SYNC-2 what another brings meanwhile ends no run before its time', async () => {
  const { log, opening, pull } = await pair((request) =>
    answerSync(theirs, createAgreement(theirs), [], request),
  )
  const theirs = createRoomLog(opening)
  for (const one of made.slice(0, 640)) theirs.add(one)
  const take = async (messages: readonly Uint8Array[]) => log.addAll(messages.map(read))
  const whole = { ok: true, value: true }
  expect(await Promise.all([pull(take), pull(take)])).toEqual([whole, whole])
  expect(log.history.heads).toEqual(theirs.history.heads)
})

test('somebody who sends us round in circles has not told all', async () => {
  const { pull } = await pair(() => ({ ops: [], next: 0 }))
  expect(await pull(async () => undefined)).toEqual({ ok: true, value: false })
})

test.each([
  ['what is known', made.slice(0, 64).map(({ envelope }) => envelope.bytes)],
  ['nothing', []],
])(
  'somebody who answers with %s for ever is asked no more than a whole history would take',
  async (_, ops) => {
    const { log, pull, asked } = await pair(({ from = 0 }) => ({ ops, next: from + 1 }))
    for (const one of made.slice(0, 640)) log.add(one)
    expect(await pull(async (messages) => log.addAll(messages.map(read)))).toEqual({ ok: true, value: false })
    expect(asked()).toBe(ops.length > 0 ? 14 : 896)
  },
)
