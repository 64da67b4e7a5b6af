import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { platformVerifier } from '../../node/crypto/native.ts'
import { type Envelope, open, soleSigner, verifyEnvelope } from '../../protocol/envelope.ts'
import { type CommunityId, idBytes, idOf, type KeyText, type OperationId } from '../../protocol/ids.ts'
import type { RoomReason } from '../../protocol/reasons.ts'
import { good, type Result } from '../../protocol/result.ts'
import { actsOf } from '../../protocol/room/bundle.ts'
import { addOperation, EMPTY_HISTORY, type History } from '../../protocol/room/history.ts'
import { ROOM, type Room } from '../../protocol/room/opening.ts'
import { type Act, OPERATION, type Operation, type SignedOperation } from '../../protocol/room/operation.ts'
import { advance, mayAct, resolve } from '../../protocol/room/resolve.ts'
import { levelOf } from '../../protocol/room/state.ts'
import { hex, unhex } from './format.ts'
import type { HistoryFile } from './make/histories.ts'
import { type HistoryCase, vectorOf } from './make/quarrel.ts'

/** Rooms (SPEC §7.3 to §7.8) against the committed vectors. */

const file: HistoryFile = JSON.parse(readFileSync(join(import.meta.dirname, 'history.json'), 'utf8'))
const community = idOf<CommunityId>(unhex(file.community))
const verifier = await platformVerifier()

async function read(bytes: string): Promise<SignedOperation> {
  const opened = open(OPERATION, community, unhex(bytes))
  if (!opened.ok) throw new Error(opened.reason)
  const device = soleSigner(opened.value) as KeyText
  const signed = await verifyEnvelope(verifier, community, opened.value, [device])
  if (!signed.ok) throw new Error(signed.reason)
  const { id, payload: operation } = opened.value
  return { id: id as OperationId, device, operation, envelope: opened.value as Envelope<Operation> }
}

function roomOf({ opening }: HistoryCase): Room {
  const opened = open(ROOM, community, unhex(opening))
  if (!opened.ok) throw new Error(opened.reason)
  return opened.value.payload
}

/** Of the acts that an operation stands for, as SPEC says it (OP-8). */
function idsOf({ id, operation: { also = [] } }: SignedOperation): readonly string[] {
  const earlier = also.map((_, i) =>
    createHash('sha256')
      .update('palabre/v1/act\0')
      .update(idBytes(id))
      .update(Uint8Array.of(i))
      .digest('hex'),
  )
  return [...earlier, hex(idBytes(id))]
}

/** In this order. @throws when one is refused before the last */
function added(operations: readonly SignedOperation[]): Result<History, RoomReason> {
  let history = EMPTY_HISTORY
  for (const [i, one] of operations.entries()) {
    const next = addOperation(history, one)
    if (!next.ok && i < operations.length - 1) throw new Error(`${i}: ${next.reason}`)
    if (!next.ok) return next
    history = next.value
  }
  return good(history)
}

/** The same set with ancestors first, and otherwise from the back. */
function backwards(operations: readonly SignedOperation[]): readonly SignedOperation[] {
  const [left, placed] = [[...operations], [] as SignedOperation[]]
  while (left.length > 0) {
    const i = left.findLastIndex(({ operation: { heads } }) => !left.some(({ id }) => heads.includes(id)))
    placed.push(...left.splice(i, 1))
  }
  return placed
}

describe('histories', () => {
  it.each(file.cases.map((one) => [`${one.rule} ${one.name}`, one] as const))('%s', async (_name, one) => {
    const operations = await Promise.all(one.operations.map(read))
    expect(operations.flatMap(idsOf)).toEqual(one.acts ?? operations.flatMap(idsOf))
    expect(one.acts === undefined).toBe(operations.every(({ operation }) => operation.also === undefined))
    const acts = operations.flatMap(actsOf)
    expect(acts.map(({ id }) => hex(idBytes(id)))).toEqual(operations.flatMap(idsOf))
    const history = added(operations)
    expect(history.ok ? 'holds' : history.reason).toBe(one.reason ?? 'holds')
    if (!history.ok) return
    const room = roomOf(one)
    const state = resolve(room, history.value)
    expect(vectorOf(acts, state)).toEqual(one.state)
    const other = added(backwards(operations))
    if (!other.ok) throw new Error(other.reason)
    expect(vectorOf(acts, resolve(room, other.value))).toEqual(one.state)
    let step = resolve(room, EMPTY_HISTORY)
    for (let i = 1; i <= operations.length; i++) {
      const grown = addOperation(step.view.history, operations[i - 1] as SignedOperation)
      if (grown.ok) step = advance(step, grown.value)
    }
    expect(vectorOf(acts, step)).toEqual(one.state)

    for (const { operation, reason } of one.next ?? []) {
      const next = await read(operation)
      const { m, k, to } = next.operation
      const may = mayAct(state, m, next.operation as Act)
      expect(may.ok ? 'holds' : may.reason).toBe(reason ?? 'holds')
      // What may be done counts, and who does the rest all the same does nothing. An acceptance is no act.
      const followed = addOperation(history.value, next)
      if (!followed.ok) throw new Error(followed.reason)
      const after = resolve(room, followed.value)
      if (reason === 'level-too-low' || reason === 'target-not-below')
        expect(after.accepted.has(next.id), `${k} ${to}`).toBe(false)
      if (reason === undefined && k !== 'accept' && k !== 'checkpoint')
        expect(after.accepted.has(next.id), `${k} ${to}`).toBe(true)
      if (reason === 'grant-unknown') expect(levelOf(after, m)).toBe(levelOf(state, m))
    }
  })
})
