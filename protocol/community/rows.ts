import type { Id, KeyText, MemberId, RoomId, StatementId } from '../ids.ts'
import { ROW_BYTES, type Row, type RowForm } from '../state/row-map.ts'
import type { Attestation, Device, Invitation, Member, Root, StageRoom, Standing } from './membership.ts'

/** How the large maps of a state lie in rows of bytes, for who reads a whole ledger. */

const { text: TEXT, optionalText: OPTIONAL_TEXT, number: NUMBER, byte: BYTE } = ROW_BYTES

/** Keys that are one id, or the key of somebody. */
function textKey<K extends Id | KeyText>() {
  return {
    keyWidth: TEXT,
    putKey: (row: Row, key: K) => row.putText(key),
    key: (row: Row): K => row.text(),
  }
}

/** A row ends at a multiple of 4. */
function widthOf(...parts: readonly number[]): number {
  return 4 * Math.ceil(parts.reduce((sum, part) => sum + part, 0) / 4)
}

const STANDINGS: readonly Standing[] = ['active', 'banned', 'cut', 'left', 'repudiated']

/** Most members never have one: they share this. */
const NONE: readonly never[] = []

const FOUNDER = 1
const ERASED = 2
const FROZEN = 4
const CERTIFIED = 8

/** Five in six have no more than this; the ban of a member, charges, vouches, guardians and the like are rare. */
const members: RowForm<MemberId, Member> = {
  ...textKey<MemberId>(),
  width: widthOf(5 * TEXT, 4 * OPTIONAL_TEXT, 6 * NUMBER, 2 * BYTE),
  fits: ({ by, charges, vouches, guardians, recovery, notice, appealed }) =>
    charges.length === 0 &&
    vouches.length === 0 &&
    [by, guardians, recovery, notice, appealed].every((one) => one === undefined),
  putValue(row, member) {
    row.putText(member.root)
    row.putText(member.profile)
    row.putNumber(member.index)
    row.putNumber(member.since)
    row.putOptionalText(member.sponsor)
    row.putOptionalText(member.invitation)
    row.putText(member.branch)
    row.putNumber(member.slots)
    row.putNumber(member.chain.next)
    row.putText(member.chain.last)
    row.putByte(STANDINGS.indexOf(member.standing))
    row.putByte(
      (member.founder ? FOUNDER : 0) |
        (member.erased ? ERASED : 0) |
        (member.frozen ? FROZEN : 0) |
        (member.certified ? CERTIFIED : 0),
    )
    row.putOptionalNumber(member.attested)
    row.putOptionalNumber(member.claimed)
    row.putOptionalText(member.lastGuest)
    row.putOptionalText(member.previousGuest)
  },
  value(row, id) {
    const root = row.text<KeyText>()
    const profile = row.text<Id>()
    const index = row.number()
    const since = row.number()
    const sponsor = row.optionalText<MemberId>()
    const invitation = row.optionalText<StatementId>()
    const branch = row.text<MemberId>()
    const slots = row.number()
    const chain = { next: row.number(), last: row.text<StatementId>() }
    const standing = STANDINGS[row.byte()] as Standing
    const flags = row.byte()
    return {
      id,
      root,
      profile,
      index,
      since,
      founder: (flags & FOUNDER) !== 0,
      sponsor,
      invitation,
      branch,
      slots,
      chain,
      standing,
      by: undefined,
      erased: (flags & ERASED) !== 0,
      frozen: (flags & FROZEN) !== 0,
      certified: (flags & CERTIFIED) !== 0,
      attested: row.optionalNumber(),
      claimed: row.optionalNumber(),
      charges: NONE,
      vouches: NONE,
      guardians: undefined,
      recovery: undefined,
      notice: undefined,
      appealed: undefined,
      lastGuest: row.optionalText(),
      previousGuest: row.optionalText(),
    }
  },
}

const roots: RowForm<KeyText, Root> = {
  ...textKey<KeyText>(),
  width: widthOf(2 * TEXT, BYTE),
  putValue(row, { member, frozen }) {
    row.putText(member)
    row.putByte(Number(frozen))
  },
  value: (row) => ({ member: row.text(), frozen: row.byte() === 1 }),
}

const devices: RowForm<KeyText, Device> = {
  ...textKey<KeyText>(),
  width: widthOf(3 * TEXT, NUMBER, 2 * BYTE),
  putValue(row, { member, chain, removed, frozen }) {
    row.putText(member)
    row.putNumber(chain.next)
    row.putText(chain.last)
    row.putByte(Number(removed))
    row.putByte(Number(frozen))
  },
  value: (row, key) => ({
    key,
    member: row.text(),
    chain: { next: row.number(), last: row.text() },
    removed: row.byte() === 1,
    frozen: row.byte() === 1,
  }),
}

const invitations: RowForm<StatementId, Invitation> = {
  ...textKey<StatementId>(),
  width: widthOf(3 * TEXT, 2 * OPTIONAL_TEXT, 3 * NUMBER, 2 * BYTE),
  putValue(row, invitation) {
    row.putText(invitation.sponsor)
    row.putNumber(invitation.slot)
    row.putText(invitation.key)
    row.putNumber(invitation.at)
    row.putOptionalNumber(invitation.exp)
    row.putOptionalText(invitation.for)
    row.putOptionalText(invitation.guest)
    row.putByte(Number(invitation.void))
    row.putByte(Number(invitation.leaked))
  },
  value: (row, id) => ({
    id,
    sponsor: row.text(),
    slot: row.number(),
    key: row.text(),
    at: row.number(),
    exp: row.optionalNumber(),
    for: row.optionalText(),
    guest: row.optionalText(),
    void: row.byte() === 1,
    leaked: row.byte() === 1,
  }),
}

const invitationKeys: RowForm<KeyText, StatementId> = {
  ...textKey<KeyText>(),
  width: widthOf(2 * TEXT),
  putValue: (row, id) => row.putText(id),
  value: (row) => row.text(),
}

/** The text of an id or a key has so many characters. */
const CHARS = 43

/** Keys as `slotName` makes them. */
const slots: RowForm<string, StatementId> = {
  width: widthOf(2 * TEXT, NUMBER),
  keyWidth: TEXT + NUMBER,
  putKey(row, name) {
    row.putText(name.slice(0, CHARS) as MemberId)
    row.putNumber(Number(name.slice(CHARS + 1)))
  },
  key: (row) => `${row.text()}/${row.number()}`,
  putValue: (row, id) => row.putText(id),
  value: (row) => row.text(),
}

const rooms: RowForm<RoomId, StageRoom> = {
  ...textKey<RoomId>(),
  width: widthOf(2 * TEXT, 2 * NUMBER),
  putValue(row, { host, at, end }) {
    row.putText(host)
    row.putNumber(at)
    row.putOptionalNumber(end)
  },
  value: (row, id) => ({ id, host: row.text(), at: row.number(), end: row.optionalNumber() }),
}

const attests: RowForm<StatementId, Attestation> = {
  ...textKey<StatementId>(),
  width: widthOf(4 * TEXT, NUMBER, BYTE),
  putValue(row, attest) {
    row.putText(attest.member)
    row.putText(attest.for)
    row.putText(attest.room)
    row.putNumber(attest.minutes)
    row.putByte(Number(attest.spent))
  },
  value: (row, id) => ({
    id,
    member: row.text(),
    for: row.text(),
    room: row.text(),
    minutes: row.number(),
    spent: row.byte() === 1,
  }),
}

/** Keys as `attestName` makes them. */
const attested: RowForm<string, StatementId> = {
  width: widthOf(4 * TEXT),
  keyWidth: 3 * TEXT,
  putKey(row, name) {
    for (let at = 0; at < 3 * CHARS; at += CHARS) row.putText(name.slice(at, at + CHARS) as Id)
  },
  key: (row) => `${row.text()}${row.text()}${row.text()}`,
  putValue: (row, id) => row.putText(id),
  value: (row) => row.text(),
}

const statements: RowForm<Id, number> = {
  ...textKey<Id>(),
  width: widthOf(TEXT, NUMBER),
  putValue: (row, index) => row.putNumber(index),
  value: (row) => row.number(),
}

/** By the names of the maps. Bans are few. */
export const ROW_FORMS = {
  members,
  roots,
  devices,
  invitations,
  invitationKeys,
  slots,
  rooms,
  attests,
  attested,
  statements,
}
