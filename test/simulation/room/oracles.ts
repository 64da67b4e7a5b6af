import type { MemberId, OperationId } from '../../../protocol/ids.ts'
import { operationsFrom } from '../../../protocol/room/history.ts'
import type { Operation, SignedOperation } from '../../../protocol/room/operation.ts'
import { isOut, type RoomState } from '../../../protocol/room/state.ts'
import {
  type Claim,
  END,
  givenLevel,
  isAnchored,
  isGift,
  isLifted,
  isLowering,
  isTaken,
  isUndone,
  LEAST,
  levelAt,
  strengthOf,
  yieldsOf,
} from './rulebook.ts'
import { acts, before, type Tale, taleOf } from './tale.ts'

/** What must hold of every state of every room, each with a name; an oracle says what it saw, or nothing. */
export interface Violation {
  readonly oracle: string
  readonly seen: string
}

/** A state, and what it was made of. */
export interface Case {
  readonly tale: Tale
  readonly claim: Claim
  readonly state: RoomState
  readonly members: readonly MemberId[]
  /** Levels at the end, as the rule book has them; in the order of the members. */
  readonly levels: readonly number[]
}

export function caseOf(
  host: MemberId,
  signed: readonly SignedOperation[],
  state: RoomState,
  members: readonly MemberId[],
): Case {
  const tale = taleOf(host, signed)
  const claim = tale.ids.map((id) => state.accepted.get(id) ?? -1)
  return { tale, claim, state, members, levels: members.map((one) => levelAt(tale, claim, one, END)) }
}

type Oracle = (one: Case) => string | undefined

const ORACLES: Readonly<Record<string, Oracle>> = {
  'grant chain': grantChain,
  'no escalation': noEscalation,
  'least privilege': leastPrivilege,
  'acts as the rules say': actsAsRuled,
  'restrictions fail closed': failsClosed,
  'consent to the stage': consent,
  'equivocation never undoes': equivocation,
  'levels as the rules say': levelsAsRuled,
  'the end is the end': theEnd,
  'offers as the rules say': offersAsRuled,
  'doors as the rules say': doorsAsRuled,
  'settings as the rules say': settingsAsRuled,
  'record as the rules say': recordAsRuled,
}

export function violations(one: Case): readonly Violation[] {
  const seen: Violation[] = []
  for (const [oracle, look] of Object.entries(ORACLES)) {
    const found = look(one)
    if (found !== undefined) seen.push({ oracle, seen: found })
  }
  return seen
}

function op({ tale }: Case, i: number): Operation {
  return tale.operations[i] as Operation
}

function say(one: Case, i: number): string {
  const { k, n } = op(one, i)
  return `${k} ${i} (n ${n}, strength ${one.claim[i]})`
}

/** Behind every accepted operation of another than the host is a grant in its past, of more strength than it gives, and so on up to the host. */
function grantChain(one: Case): string | undefined {
  for (let i = 0; i < one.claim.length; i++) {
    const strength = one.claim[i] as number
    if (strength <= 0 || op(one, i).m === one.tale.host) continue
    let supported = false
    for (const g of acts(one.tale, ['grant', 'hand'], op(one, i).m)) {
      const gives = givenLevel(op(one, g))
      supported ||= before(one.tale, g, i) && gives >= strength && (one.claim[g] as number) > gives
    }
    if (!supported) return `${say(one, i)} has nobody behind it`
  }
  return undefined
}

/** Nobody gives what they have not, and nobody acts or stands higher than somebody above them let them. */
function noEscalation(one: Case): string | undefined {
  for (let i = 0; i < one.claim.length; i++) {
    const strength = one.claim[i] as number
    if (strength < 0) continue
    if (isGift(op(one, i)) && givenLevel(op(one, i)) >= strength)
      return `${say(one, i)} gives what its maker has not`
    if (strength === 100 && op(one, i).m !== one.tale.host) return `${say(one, i)} is not the host's`
  }
  for (const [member, level] of one.state.levels) {
    if (level === 100 && member === one.tale.host) continue
    let given = false
    for (const g of acts(one.tale, ['grant', 'hand'], member))
      given ||= givenLevel(op(one, g)) === level && (one.claim[g] as number) > level
    if (!given) return `${level} is held that was not given`
  }
  return undefined
}

/** Every accepted act is one of its actor's level, upon somebody below. */
function leastPrivilege(one: Case): string | undefined {
  for (let i = 0; i < one.claim.length; i++) {
    const strength = one.claim[i] as number
    const { k, m, to } = op(one, i)
    if (strength < 0 || (k === 'lower' && m === to && strength === 0)) continue
    if (strength < LEAST[k]) return `${say(one, i)} is not for that level`
    if (k === 'hand') continue
    if (to !== undefined && levelAt(one.tale, one.claim, to, i) >= strength)
      return `${say(one, i)} acts on an equal`
  }
  return undefined
}

/** Nothing counts that may not, and nothing that may is passed over. */
function actsAsRuled(one: Case): string | undefined {
  for (let i = 0; i < one.claim.length; i++) {
    const ruled = strengthOf(one.tale, one.claim, i)
    if (ruled !== one.claim[i]) return `${say(one, i)} should act with ${ruled}`
  }
  return undefined
}

/** A ban or a mute binds whoever is below it, unless somebody as strong lifted it later; concurrent lifts nothing. */
function failsClosed(one: Case): string | undefined {
  for (const [m, member] of one.members.entries()) {
    const level = one.levels[m] as number
    const bound = (kind: 'ban' | 'mute', lift: 'unban' | 'unmute'): boolean => {
      for (const i of acts(one.tale, [kind], member))
        if ((one.claim[i] as number) > level && !isLifted(one.tale, one.claim, i, lift, END)) return true
      return false
    }
    if (bound('ban', 'unban') !== one.state.banned.has(member))
      return `a ban of member ${m} is lost or made up`
    if (bound('mute', 'unmute') !== one.state.muted.has(member))
      return `a mute of member ${m} is lost or made up`
    if (one.state.banned.has(member) && level > 0 && !isBannedBySomebodyElse(one, member))
      return `member ${m} is banned and on the stage`
  }
  return undefined
}

/** A ban that binds is of more strength than the level that is left: the grants above it were undone. */
function isBannedBySomebodyElse(one: Case, member: MemberId): boolean {
  for (const i of acts(one.tale, ['ban'], member)) {
    const strength = one.claim[i] as number
    for (const g of acts(one.tale, ['grant', 'hand'], member))
      if (
        (one.claim[g] as number) >= 0 &&
        strength > givenLevel(op(one, g)) &&
        !isUndone(one.tale, one.claim, g, END)
      )
        if (isTaken(one.tale, one.claim, g, END)) return false
  }
  return true
}

/** Whoever is above the audience said yes to it themselves. */
function consent(one: Case): string | undefined {
  for (const [member, level] of one.state.levels) {
    if (level === 100) continue
    let said = false
    for (const a of acts(one.tale, ['accept'])) {
      const { m, ref } = op(one, a)
      const gift = one.tale.index.get(ref as OperationId)
      said ||= m === member && gift !== undefined && op(one, gift).to === member && before(one.tale, gift, a)
    }
    if (!said) return `${level} is held without consent`
  }
  return undefined
}

/** After twins, whatever counts of that device was seen by somebody senior who had not seen the other. */
function equivocation(one: Case): string | undefined {
  for (let i = 0; i < one.claim.length; i++) {
    const strength = one.claim[i] as number
    if (strength <= 0 || strength >= 90) continue
    if (!isAnchored(one.tale, one.claim, i, strength))
      return `${say(one, i)} counts after twins and nobody saw it`
  }
  return undefined
}

function levelsAsRuled(one: Case): string | undefined {
  for (const [m, member] of one.members.entries()) {
    const level = one.state.levels.get(member) ?? 0
    if (level !== one.levels[m]) return `member ${m} has ${level} instead of ${one.levels[m]}`
  }
  return undefined
}

function theEnd(one: Case): string | undefined {
  let ended = false
  for (const i of acts(one.tale, ['end'])) ended ||= (one.claim[i] as number) >= 80
  return ended === one.state.ended ? undefined : `ended is ${one.state.ended}`
}

function offersAsRuled(one: Case): string | undefined {
  for (const [m, member] of one.members.entries()) {
    let best = one.levels[m] as number
    for (const g of acts(one.tale, ['grant', 'hand'], member)) {
      const level = givenLevel(op(one, g))
      if ((one.claim[g] as number) < 0 || level <= best) continue
      if (!isTaken(one.tale, one.claim, g, END) && !isUndone(one.tale, one.claim, g, END)) best = level
    }
    const offered = one.state.offers.get(member)?.level ?? one.levels[m]
    if (offered !== best) return `member ${m} is offered ${offered} instead of ${best}`
  }
  return undefined
}

/** Lock, removal, admission. */
function doorsAsRuled(one: Case): string | undefined {
  const { tale, claim, state } = one
  let locked = false
  for (const i of acts(tale, ['lock']))
    locked ||= (claim[i] as number) >= 0 && !isLifted(tale, claim, i, 'unlock', END)
  if (locked !== state.locked) return `locked is ${state.locked}`
  for (const [m, member] of one.members.entries()) {
    let removed = false
    for (const i of acts(tale, ['remove'], member))
      removed ||= (claim[i] as number) > (one.levels[m] as number) && !isLifted(tale, claim, i, 'admit', END)
    if (removed !== state.removed.has(member)) return `member ${m} removed is ${!removed}`
    let admitted = false
    for (const i of acts(tale, ['admit'], member)) {
      if ((claim[i] as number) < 0) continue
      let stands = true
      for (const other of acts(tale, ['revoke', 'remove', 'ban'], member)) {
        if ((claim[other] as number) < 0) continue
        stands &&= before(tale, other, i) && (claim[other] as number) <= (claim[i] as number)
      }
      admitted ||= stands
    }
    if (admitted !== state.admitted.has(member)) return `member ${m} admitted is ${!admitted}`
  }
  return undefined
}

/** Of what was set, something that nobody overwrote in its knowledge and nobody stronger set; of epochs, the highest, of the strongest. */
function settingsAsRuled(one: Case): string | undefined {
  const { tale, claim, state } = one
  for (const name of ['title', 'lang', 'hands'] as const) {
    let last: number[] = []
    for (const i of acts(tale, ['set']))
      if ((claim[i] as number) >= 0 && op(one, i)[name] !== undefined)
        last = [...last.filter((other) => !before(tale, other, i)), i]
    const strongest = Math.max(...last.map((i) => claim[i] as number))
    const allowed = last.filter((i) => claim[i] === strongest).map((i) => op(one, i)[name])
    const is = state.settings[name]
    if (allowed.length === 0 ? is !== state.view.room[name] : !allowed.includes(is)) return `${name} is ${is}`
  }
  let number = 0
  let strength = 0
  for (const i of acts(tale, ['epoch'])) {
    if ((claim[i] as number) < 0 || (op(one, i).epoch as number) < number) continue
    if ((op(one, i).epoch as number) > number) strength = 0
    number = op(one, i).epoch as number
    strength = Math.max(strength, claim[i] as number)
  }
  const { epoch } = state
  if ((epoch?.number ?? 0) !== number) return `epoch ${epoch?.number} instead of ${number}`
  if (epoch === undefined) return undefined
  const made = tale.index.get(epoch.id) as number
  return claim[made] === strength ? undefined : `the weaker of two epochs ${number}`
}

const RECORDED: readonly Operation['k'][] = [
  'hand',
  'mute',
  'unmute',
  'remove',
  'ban',
  'unban',
  'revoke',
  'lock',
  'unlock',
  'end',
  'lower',
]

/** Everything done about others is in the record, once, and ancestors come first. */
function recordAsRuled(one: Case): string | undefined {
  const wanted: number[] = []
  for (const i of acts(one.tale, RECORDED)) {
    const { k, m, to } = op(one, i)
    if ((one.claim[i] as number) >= 0 && !(k === 'lower' && m === to)) wanted.push(i)
  }
  const record = one.state.record.map(({ id }) => one.tale.index.get(id) as number)
  if (record.length !== wanted.length || !wanted.every((i) => record.includes(i)))
    return `the record has ${record.length} of ${wanted.length} acts`
  for (const [place, i] of record.entries())
    for (const later of record.slice(place + 1))
      if (before(one.tale, later, i)) return 'the record is out of order'
  return undefined
}

/** Longest that a removal binds: ten minutes, and what a clock may be off. Seconds. */
const LONGEST = 900

/** OP-7: nothing from the future is in an honest peer's room, and so nobody is out of it for longer than a removal lasts. @param clock the peer's */
export function ahead(state: RoomState, clock: number): Violation | undefined {
  for (const { operation } of operationsFrom(state.view.history))
    if (operation.at > clock + 300)
      return { oracle: 'nothing from the future', seen: `${operation.k} of ${operation.at}` }
  for (const member of state.removed.keys())
    if (
      !state.banned.has(member) &&
      state.view.room.vis !== 'private' &&
      isOut(state, member, clock + LONGEST)
    )
      return { oracle: 'nothing from the future', seen: 'somebody is removed for longer than that lasts' }
  return undefined
}

/**
 * An accepted ban, end or other restriction is never lost as the history grows, but by what the rules name: somebody above lowered its maker, or one of
 * those who had let them, at the same time; the host was followed by another; or its maker signed twins before anybody senior saw it.
 */
export function lost(earlier: RoomState, grown: Case): Violation | undefined {
  for (let i = 0; i < grown.claim.length; i++) {
    const id = grown.tale.ids[i] as OperationId
    const was = earlier.accepted.get(id)
    const { k } = op(grown, i)
    if (was === undefined || was <= 0 || grown.claim[i] === was) continue
    if (k !== 'ban' && k !== 'end' && k !== 'mute' && k !== 'lock' && k !== 'remove') continue
    if (!isExcused(earlier, grown, i))
      return { oracle: 'never lost', seen: `${say(grown, i)} acted with ${was}` }
  }
  return undefined
}

function isExcused(earlier: RoomState, grown: Case, i: number): boolean {
  const { tale, claim } = grown
  for (let j = 0; j < claim.length; j++) {
    const isNew = earlier.accepted.get(tale.ids[j] as OperationId) !== claim[j] && (claim[j] as number) >= 0
    if (isNew && isLowering(op(grown, j)) && !before(tale, j, i)) return true
  }
  for (const one of yieldsOf(tale, claim)) if (!before(tale, i, one)) return true
  return tale.twins.size > 0 && !isSeenByHost(grown, i)
}

/** The host, who is honest and has not handed over, saw it and saw no twins: from then on nobody takes it back by signing another. */
function isSeenByHost(grown: Case, i: number): boolean {
  const { tale, claim } = grown
  for (let c = 0; c < claim.length; c++) {
    if (claim[c] !== 100 || !before(tale, i, c)) continue
    const used = new Set<string>()
    let forked = false
    for (let j = 0; j < c; j++) {
      if (!before(tale, j, c)) continue
      const number = `${op(grown, j).n}/${tale.devices[j]}`
      forked ||= used.has(number)
      used.add(number)
    }
    if (!forked) return true
  }
  return false
}
