import type { KeyText, MemberId, StatementId } from '../../ids.ts'
import { RECOVERY_DELAY } from '../../limits.ts'
import { bad, good } from '../../result.ts'
import { advanceRoot, changeDevice, changeMember, type Draft, putRoot } from '../draft.ts'
import type { LedgerState, Member, Recovery } from '../membership.ts'
import { goneReason, inGoodStanding, isPersonsKey } from '../standing.ts'
import { byRoot, type Check, type Rule, signedBy } from './acts.ts'
import { addDevice } from './people.ts'

/** DEV-1 to DEV-3. */
export const deviceAdd: Rule<'device-add'> = {
  check(state, statement) {
    const { payload } = statement.envelope
    return byRoot(state, statement, payload, [payload.device], () =>
      isPersonsKey(state, payload.device) ? 'device-known' : undefined,
    )
  },
  take(draft, { envelope }) {
    addDevice(draft, envelope, { next: 0, last: envelope.id as StatementId })
  },
}

/** DEV-4. */
export const deviceRemove: Rule<'device-remove'> = {
  check(state, statement) {
    const { payload } = statement.envelope
    return byRoot(state, statement, payload, [], () => {
      const device = state.devices.get(payload.device)
      if (device?.member !== payload.m) return 'device-unknown'
      return device.removed ? 'device-removed' : undefined
    })
  },
  take(draft, { envelope }) {
    const { m, device } = envelope.payload
    changeDevice(draft, device, { removed: true })
    advanceRoot(draft, m, envelope)
  },
}

/** ROOT-3. */
export const guardians: Rule<'guardians'> = {
  check(state, statement) {
    const { payload } = statement.envelope
    return byRoot(state, statement, payload, [], () => {
      if (payload.of.includes(payload.m)) return 'self-target'
      return payload.of.every((guardian) => state.members.has(guardian)) ? undefined : 'member-unknown'
    })
  },
  take(draft, { envelope }) {
    const { m, k, of } = envelope.payload
    changeMember(draft, m, { guardians: { k, of } })
    advanceRoot(draft, m, envelope)
  },
}

/** ROOT-4. */
export const rootRotate: Rule<'root-rotate'> = {
  check(state, statement) {
    const { payload } = statement.envelope
    return byRoot(state, statement, payload, [payload.root], () =>
      isPersonsKey(state, payload.root) ? 'device-known' : undefined,
    )
  },
  take(draft, { envelope }) {
    const { m, root } = envelope.payload
    advanceRoot(draft, m, envelope)
    putRoot(draft, root, { member: (draft.members.get(m) as Member).id, frozen: false })
    changeMember(draft, m, { root, chain: { next: 0, last: envelope.id as StatementId } })
  },
}

/** ROOT-6. */
export const recover: Rule<'recover'> = {
  check(state, statement): Check {
    const { m, root } = statement.envelope.payload
    const member = state.members.get(m)
    if (member === undefined) return bad('member-unknown')
    const gone = goneReason(member)
    if (gone) return bad(gone)
    if (member.guardians === undefined) return bad('guardian-unknown')
    if (member.recovery !== undefined) return bad('recovery-pending')
    if (isPersonsKey(state, root)) return bad('device-known')
    const signers = statement.envelope.signatures.map(({ key }) => key)
    if (!signers.includes(root)) return bad('signer-missing')
    const others = signers.filter((signer) => signer !== root)
    const signed = others.map((signer) => guardianOf(state, member.guardians?.of ?? [], signer))
    if (signed.includes(undefined) || new Set(signed).size < signed.length) return bad('signer-unexpected')
    if (signed.length < member.guardians.k) return bad('guardians-minority')
    return good(signedBy(statement, signers))
  },
  take(draft, { envelope }, at) {
    const { m, root } = envelope.payload
    const { id: member } = draft.members.get(m) as Member
    const recovery: Recovery = { id: envelope.id as StatementId, member, root, due: at + RECOVERY_DELAY }
    putRoot(draft, root, { member, frozen: false })
    changeMember(draft, member, { recovery })
    // Times of entries never go back, so the last one is due last.
    draft.recoveries = [...draft.recoveries, recovery]
  },
}

/** The active guardian for whom this device signs. */
function guardianOf(
  state: LedgerState,
  guardians: readonly MemberId[],
  signer: KeyText,
): MemberId | undefined {
  const device = state.devices.get(signer)
  if (device === undefined || device.removed || device.frozen) return undefined
  const guardian = state.members.get(device.member) as Member
  return guardians.includes(guardian.id) && inGoodStanding(guardian) ? guardian.id : undefined
}

/** ROOT-5: whether a new root is due before an entry of this time is judged. */
export function isRecoveryDue(state: LedgerState, at: number): boolean {
  const [first] = state.recoveries
  return first !== undefined && first.due <= at
}

/** ROOT-5: lets the new roots come into force that are due before an entry of this time is judged. */
export function takeRecoveries(draft: Draft, at: number): void {
  while (isRecoveryDue(draft, at)) {
    const [{ id, member, root }, ...later] = draft.recoveries as readonly [Recovery, ...Recovery[]]
    const frozen = draft.roots.get(root)?.frozen === true
    draft.recoveries = later
    changeMember(draft, member, { root, frozen, chain: { next: 0, last: id }, recovery: undefined })
  }
}
