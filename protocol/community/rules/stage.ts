import type { MemberId, StatementId } from '../../ids.ts'
import { DAY, MINUTE } from '../../limits.ts'
import type { Attest } from '../attest.ts'
import { advanceDevice, changeMember, putAttest, putRoom } from '../draft.ts'
import { type Attestation, attestName, type LedgerState, type Member, type StageRoom } from '../membership.ts'
import { isMature } from '../slots.ts'
import { inGoodStanding, isOutside, standingReason } from '../standing.ts'
import { byDevice, type Reason, type Rule } from './acts.ts'

/** What somebody said may be attested for so long after a room's end. Seconds. */
const ATTEST_AFTER_END = DAY

/** STAGE-1. */
export const roomOpen: Rule<'room-open'> = {
  check(state, statement) {
    const { payload } = statement.envelope
    return byDevice(state, statement, payload, () =>
      state.rooms.has(payload.room) ? 'room-known' : undefined,
    )
  },
  take(draft, { envelope }, at) {
    const { m, room } = envelope.payload
    const { id: host } = draft.members.get(m) as Member
    putRoom(draft, { id: room, host, at, end: undefined })
    advanceDevice(draft, envelope)
  },
}

/** STAGE-2. */
export const roomEnd: Rule<'room-end'> = {
  check(state, statement) {
    const { payload } = statement.envelope
    return byDevice(state, statement, payload, () => {
      const room = state.rooms.get(payload.room)
      if (room === undefined) return 'room-unlogged'
      if (room.host !== payload.m) return 'not-host'
      return room.end === undefined ? undefined : 'room-closed'
    })
  },
  take(draft, { envelope }, at) {
    putRoom(draft, { ...(draft.rooms.get(envelope.payload.room) as StageRoom), end: at })
    advanceDevice(draft, envelope)
  },
}

/** ATTEST-1, ATTEST-2. */
export const attest: Rule<'attest'> = {
  check(state, statement, at) {
    const { payload } = statement.envelope
    return byDevice(state, statement, payload, (actor) => refuseAttest(state, actor, payload, at))
  },
  take(draft, { envelope }, at) {
    const id = envelope.id as StatementId
    const { m, for: seen, room, minutes } = envelope.payload
    const actor = draft.members.get(m) as Member
    const target = draft.members.get(seen) as Member
    const { id: roomId } = draft.rooms.get(room) as StageRoom
    putAttest(draft, { id, member: actor.id, for: target.id, room: roomId, minutes, spent: false })
    draft.attested.set(attestName(room, m, seen), id)
    if (target.attested === undefined && isOutside(actor, target))
      changeMember(draft, target.id, { attested: at })
    advanceDevice(draft, envelope)
  },
}

function refuseAttest(
  state: LedgerState,
  actor: Member,
  { for: seen, room: roomId, minutes, as }: Attest,
  at: number,
): Reason {
  const target = state.members.get(seen)
  if (target === undefined) return 'member-unknown'
  if (target.id === actor.id) return 'self-target'
  const refused = standingReason(target)
  if (refused) return refused
  const room = state.rooms.get(roomId)
  if (room === undefined) return 'room-unlogged'
  if (room.end !== undefined && at - room.end > ATTEST_AFTER_END) return 'room-closed'
  if (as === 'hosted' && room.host !== target.id) return 'not-host'
  // Both times are rounded down to the minute, so a room may have lasted almost one longer.
  if (minutes * MINUTE > (room.end ?? at) - room.at + MINUTE) return 'attestation-too-long'
  if (!isMature(state, actor, at)) return 'member-immature'
  return state.attested.has(attestName(roomId, actor.id, target.id)) ? 'attestation-known' : undefined
}

/** CLAIM-1. */
export const claim: Rule<'claim'> = {
  check(state, statement, at) {
    const { payload } = statement.envelope
    return byDevice(state, statement, payload, (actor) => refuseClaim(state, actor, payload.refs, at))
  },
  take(draft, { envelope }, at) {
    const { m, refs } = envelope.payload
    const { slots } = draft.members.get(m) as Member
    for (const ref of refs) putAttest(draft, { ...(draft.attests.get(ref) as Attestation), spent: true })
    changeMember(draft, m, { claimed: at, slots: slots + draft.genesis.payload.policy['more-slots'] })
    advanceDevice(draft, envelope)
  },
}

function refuseClaim(state: LedgerState, actor: Member, refs: readonly StatementId[], at: number): Reason {
  const { policy } = state.genesis.payload
  if (actor.claimed !== undefined && at - actor.claimed < policy['claim-days'] * DAY) return 'claim-early'
  const attests: Attestation[] = []
  for (const ref of refs) {
    const attested = state.attests.get(ref)
    if (attested?.for !== actor.id) return 'attestation-unknown'
    if (attested.spent) return 'attestation-spent'
    attests.push(attested)
  }
  return isEnough(state, actor, attests) ? undefined : 'claim-short'
}

/** Whether enough people saw the member for long enough, in enough rooms. Only those count who are in good standing now. */
export function isEnough(state: LedgerState, actor: Member, attests: readonly Attestation[]): boolean {
  const { policy } = state.genesis.payload
  const attesters = new Map<MemberId, Member>()
  const minutes = new Map<string, number>()
  for (const one of attests) {
    const attester = state.members.get(one.member) as Member
    if (!inGoodStanding(attester)) continue
    attesters.set(attester.id, attester)
    minutes.set(one.room, Math.max(minutes.get(one.room) ?? 0, one.minutes))
  }
  const outside = [...attesters.values()].filter((attester) => isOutside(attester, actor))
  const sum = [...minutes.values()].reduce((total, one) => total + one, 0)
  return (
    attesters.size >= policy['claim-attesters'] &&
    minutes.size >= policy['claim-rooms'] &&
    outside.length >= policy['claim-outside'] &&
    sum >= policy['claim-minutes']
  )
}

/** CERT-2. */
export const certify: Rule<'certify'> = {
  check(state, statement) {
    const { payload } = statement.envelope
    return byDevice(state, statement, payload, (actor) => {
      if (!state.stewards.includes(actor.id)) return 'not-steward'
      const target = state.members.get(payload.for)
      if (target === undefined) return 'member-unknown'
      return standingReason(target) ?? (target.certified === payload.on ? 'certificate-known' : undefined)
    })
  },
  take(draft, { envelope }) {
    const { for: target, on } = envelope.payload
    changeMember(draft, target, { certified: on })
    advanceDevice(draft, envelope)
  },
}

/** REPORT-1: what is in it is no matter of the ledger. */
export const report: Rule<'report'> = {
  check(state, statement) {
    return byDevice(state, statement, statement.envelope.payload, () => undefined)
  },
  take(draft, { envelope }) {
    advanceDevice(draft, envelope)
  },
}
