import { unhex } from './bytes.ts'
import { type Check, forkIn, twinsIn, wrongJoinSigners, wrongSigners } from './evidence.ts'
import {
  all,
  appealed,
  ban,
  branch,
  chain,
  council,
  DAY,
  device,
  devices,
  type Fact,
  guest,
  type History,
  invitation,
  isCertified,
  isDescendant,
  isExpired,
  isFrozen,
  isHeld,
  isKnownRoot,
  isLeaked,
  isLifted,
  isMature,
  isRemoved,
  isSpent,
  isWithdrawn,
  knownRoots,
  logKeys,
  type Member,
  member,
  noticeStands,
  points,
  room,
  roomEnd,
  roots,
  slots,
  sponsor,
  standing,
  stewards,
  tookEffect,
} from './history.ts'
import { aloneWrong, openStatement, type Statement, type StatementType } from './statement.ts'

/** Void for this reason, or effective; `about` is what evidence proves (`Fact`). */
export type Verdict =
  | { readonly reason: string; readonly type?: StatementType }
  | { readonly said: Statement; readonly about?: string }

/** LEDGER-7, of an entry after the first. @param history with `now` at the entry's time, so that what is due has happened */
export function judge(history: History, check: Check, envelope: Uint8Array): Verdict {
  const opened = openStatement(history.community, envelope)
  if (!opened.ok) return { reason: opened.reason }
  const said = opened.value
  const early = aloneWrong(said) ?? (said.fields.at > history.now + 300 ? 'time-ahead' : undefined)
  const { type } = said
  if (early) return { reason: early, type }
  if (tookEffect(history, said.id)) return { reason: 'statement-known', type }
  const about: { value?: string } = {}
  const wrong = rulesFor({ history, check, about }, said)
  if (wrong) return { reason: wrong, type }
  return { said, ...(about.value !== undefined && { about: about.value }) }
}

interface Case {
  readonly history: History
  readonly check: Check
  /** Where evidence leaves what it proves. */
  readonly about: { value?: string }
}

type Wrong = string | undefined

type DeviceAct =
  | 'invite'
  | 'invite-void'
  | 'repudiate'
  | 'vouch'
  | 'room-open'
  | 'room-end'
  | 'attest'
  | 'claim'
  | 'certify'
  | 'report'
type RootAct = 'device-add' | 'device-remove' | 'guardians' | 'root-rotate' | 'leave'
type CouncilAct = 'notice' | 'ban' | 'unban' | 'council' | 'stewards' | 'log-rotate' | 'invite-void'
type AnybodysAct = 'equivocation' | 'leak' | 'log-fork'

function rulesFor(the: Case, said: Statement): Wrong {
  switch (said.type) {
    case 'genesis':
      throw new Error('a genesis does not get so far')
    case 'identity':
      return identityRules(the, said)
    case 'join':
      return joinRules(the, said)
    case 'recover':
      return recoverRules(the, said)
    case 'erase':
    case 'appeal':
      return ownRules(the, said)
    case 'device-add':
    case 'device-remove':
    case 'guardians':
    case 'root-rotate':
    case 'leave':
      return actOfRoot(the, said)
    case 'notice':
    case 'ban':
    case 'unban':
    case 'council':
    case 'stewards':
    case 'log-rotate':
      return actOfCouncil(the, said)
    case 'equivocation':
    case 'leak':
    case 'log-fork':
      return actOfAnybody(the, said)
    case 'invite-void':
      return said.fields.m === undefined ? actOfCouncil(the, said) : actOfDevice(the, said)
    default:
      return actOfDevice(the, said)
  }
}

// §6.7

const GONE = {
  active: undefined,
  banned: 'member-banned',
  cut: 'member-cut',
  left: 'member-left',
  repudiated: 'member-repudiated',
} as const

/** STAND-2. */
function notGood(history: History, id: string): Wrong {
  return GONE[standing(history, id)]
}

/** STAND-2, where `cut` is allowed. */
function notHere(history: History, id: string): Wrong {
  return standing(history, id) === 'cut' ? undefined : notGood(history, id)
}

/** CHAIN-3, then CHAIN-1. @param twin the reason for a number that the chain has passed */
function outOfChain(
  history: History,
  said: Statement,
  key: string,
  start: string,
  twin: () => string,
): Wrong {
  const { n, prev } = said.fields as { readonly n: number; readonly prev: string }
  const next = chain(history, key, start)
  if (n < next.n) return twin()
  if (n > next.n) return 'sequence-wrong'
  return prev === next.last ? undefined : 'previous-wrong'
}

/** ACT-1. */
function actOfDevice(the: Case, said: Statement<DeviceAct>): Wrong {
  const { history, check } = the
  const m = said.fields.m as string
  const author = member(history, m)
  if (!author) return 'member-unknown'
  if (said.signatures.length !== 1) return 'signer-unexpected'
  const key = said.signatures[0]?.key as string
  const own = device(history, key)
  if (own?.m !== m) return 'device-unknown'
  const signers = (): Wrong => wrongSigners(check, said, [key])
  return (
    notGood(history, m) ??
    (isRemoved(history, key) ? 'device-removed' : undefined) ??
    (isFrozen(history, key) ? 'key-frozen' : undefined) ??
    outOfChain(history, said, key, own.start, () => signers() ?? 'equivocation') ??
    deviceRules(history, said, author) ??
    signers()
  )
}

function deviceRules(history: History, said: Statement<DeviceAct>, author: Member): Wrong {
  switch (said.type) {
    case 'invite':
      return inviteRules(history, said, author)
    case 'invite-void':
      return inviteVoidRules(history, said)
    case 'repudiate':
      return repudiateRules(history, said)
    case 'vouch':
      return vouchRules(history, said, author)
    case 'room-open':
      return room(history, said.fields.room) ? 'room-known' : undefined
    case 'room-end':
      return roomEndRules(history, said)
    case 'attest':
      return attestRules(history, said, author)
    case 'claim':
      return claimRules(history, said)
    case 'certify':
      return certifyRules(history, said)
    case 'report':
      return undefined
  }
}

/** ACT-2. */
function actOfRoot(the: Case, said: Statement<RootAct>): Wrong {
  const { history, check } = the
  const { m } = said.fields
  const author = member(history, m)
  if (!author) return 'member-unknown'
  const root = roots(history, author).inForce
  const added =
    said.type === 'device-add' ? [said.fields.device] : said.type === 'root-rotate' ? [said.fields.root] : []
  const signers = (): Wrong => wrongSigners(check, said, [root.key, ...added])
  return (
    notHere(history, m) ??
    (isFrozen(history, root.key) ? 'key-frozen' : undefined) ??
    outOfChain(history, said, root.key, root.start, () => signers() ?? 'equivocation') ??
    rootRules(history, said) ??
    signers()
  )
}

function rootRules(history: History, said: Statement<RootAct>): Wrong {
  switch (said.type) {
    case 'device-add':
      return isKnownKey(history, said.fields.device) ? 'device-known' : undefined
    case 'device-remove': {
      const { m, device: key } = said.fields
      if (device(history, key)?.m !== m) return 'device-unknown'
      return isRemoved(history, key) ? 'device-removed' : undefined
    }
    case 'guardians':
      if (said.fields.of.includes(said.fields.m)) return 'self-target'
      return said.fields.of.every((id) => member(history, id)) ? undefined : 'member-unknown'
    case 'root-rotate':
      return isKnownKey(history, said.fields.root) ? 'device-known' : undefined
    case 'leave':
      return undefined
  }
}

function isKnownKey(history: History, key: string): boolean {
  return device(history, key) !== undefined || isKnownRoot(history, key)
}

/** ACT-3. */
function actOfCouncil(the: Case, said: Statement<CouncilAct>): Wrong {
  const { history, check } = the
  const { v, k, keys } = council(history)
  if (said.fields.v !== v) return 'council-version'
  const signers = said.signatures.map((one) => one.key)
  if (signers.some((key) => !keys.includes(key))) return 'signer-unexpected'
  if (signers.length < k) return 'council-minority'
  return councilRules(history, said) ?? wrongSigners(check, said, signers)
}

function councilRules(history: History, said: Statement<CouncilAct>): Wrong {
  switch (said.type) {
    case 'notice': {
      const { m } = said.fields
      if (!member(history, m)) return 'member-unknown'
      return notHere(history, m) ?? (noticeStands(history, m) ? 'notice-known' : undefined)
    }
    case 'ban':
      return banRules(history, said)
    case 'unban':
      if (!ban(history, said.fields.ban)) return 'ban-unknown'
      return isLifted(history, said.fields.ban) ? 'ban-lifted' : undefined
    case 'council':
      return undefined
    case 'stewards':
      return said.fields.of.every((id) => member(history, id)) ? undefined : 'member-unknown'
    case 'log-rotate':
      return logKeys(history).at(-1) === said.fields.log ? 'log-known' : undefined
    case 'invite-void':
      return inviteVoidRules(history, said)
  }
}

/** ACT-4. */
function actOfAnybody({ history, check, about }: Case, said: Statement<AnybodysAct>): Wrong {
  if (said.signatures.length !== 1) return 'signer-unexpected'
  const proved = evidenceRules(history, check, said)
  if ('wrong' in proved) return proved.wrong
  about.value = proved.about
  return wrongSigners(check, said, [said.signatures[0]?.key as string])
}

// §5

/** LEDGER-5. */
function identityRules({ history, check }: Case, said: Statement<'identity'>): Wrong {
  const { root } = said.fields
  if (!history.genesis.founders.includes(root)) return 'not-founder'
  if (isKnownRoot(history, root)) return 'already-member'
  if (device(history, root)) return 'device-known'
  return wrongSigners(check, said, [root])
}

/** ROOT-6. */
function recoverRules({ history, check }: Case, said: Statement<'recover'>): Wrong {
  const { m, root } = said.fields
  const one = member(history, m)
  if (!one) return 'member-unknown'
  const gone = notHere(history, m)
  if (gone) return gone
  const guardians = all(history, 'guardians').findLast((fact) => fact.said.fields.m === m)?.said.fields
  if (!guardians) return 'guardian-unknown'
  if (roots(history, one).pending) return 'recovery-pending'
  if (isKnownKey(history, root)) return 'device-known'
  const signers = said.signatures.map(({ key }) => key)
  if (!signers.includes(root)) return 'signer-missing'
  const helpers = signers.filter((key) => key !== root).map((key) => device(history, key))
  const fit = helpers.every(
    (helper) =>
      helper &&
      !isRemoved(history, helper.key) &&
      !isFrozen(history, helper.key) &&
      guardians.of.includes(helper.m) &&
      standing(history, helper.m) === 'active',
  )
  if (!fit || new Set(helpers.map((helper) => helper?.m)).size < helpers.length) return 'signer-unexpected'
  if (helpers.length < guardians.k) return 'guardians-minority'
  return wrongSigners(check, said, signers)
}

/** ERASE-1 and APPEAL-1. */
function ownRules({ history, check }: Case, said: Statement<'erase' | 'appeal'>): Wrong {
  const { m } = said.fields
  const author = member(history, m)
  if (!author) return 'member-unknown'
  if (said.signatures.length !== 1) return 'signer-unexpected'
  const key = said.signatures[0]?.key as string
  const root = roots(history, author).inForce
  const own = devices(history).find((one) => one.key === key && one.m === m)
  const start = key === root.key ? root.start : own?.start
  if (start === undefined) return 'device-unknown'
  if (isRemoved(history, key)) return 'device-removed'
  if (isFrozen(history, key)) return 'key-frozen'
  const signers = (): Wrong => wrongSigners(check, said, [key])
  return (
    outOfChain(history, said, key, start, () => signers() ?? 'equivocation') ??
    (said.type === 'erase' ? erased(history, m) : appealRules(history, m)) ??
    signers()
  )
}

function erased(history: History, m: string): Wrong {
  return all(history, 'erase').some((fact) => fact.said.fields.m === m) ? 'erased' : undefined
}

function appealRules(history: History, m: string): Wrong {
  const is = standing(history, m)
  if (is !== 'banned' && is !== 'cut' && !(is === 'active' && noticeStands(history, m)))
    return 'appeal-needless'
  const last = appealed(history, m)
  return last !== undefined && history.now < last + 30 * DAY ? 'appeal-known' : undefined
}

// §6.3 and §6.4

/** In the order that stands below SLOT-5. */
function inviteRules(history: History, { fields }: Statement<'invite'>, author: Member): Wrong {
  const { m, slot, key, exp } = fields
  const { 'slot-points': slotPoints, 'pause-points': pausePoints } = history.genesis.policy
  const named = all(history, 'invite').some(({ said }) => said.fields.key === key)
  if (named || isKnownKey(history, key)) return 'invitation-key-known'
  if (exp !== undefined && exp <= history.now) return 'invitation-expired'
  const given = slots(history, author)
  if (slot >= given) return 'slot-not-entitled'
  const owed = points(history, m)
  if (slotPoints !== 0 && slot >= given - Math.floor(owed / slotPoints)) return 'slot-withheld'
  if (pausePoints !== 0 && owed >= pausePoints) return 'sponsor-paused'
  if (!isMature(history, author)) return 'slot-immature'
  return isHeld(history, m, slot) ? 'slot-spent' : undefined
}

/** JOIN-4 to JOIN-7. */
function joinRules({ history, check }: Case, join: Statement<'join'>): Wrong {
  const { identity, device: add } = join.inner as NonNullable<Statement<'join'>['inner']>
  const { root } = identity.fields
  const key = add.fields.device
  if (member(history, identity.id) || isKnownRoot(history, root) || history.genesis.founders.includes(root))
    return 'already-member'
  const invite = invitation(history, join.fields.invite)
  if (!invite) return 'invitation-unknown'
  const { fields, id } = invite.said
  if (guest(history, id)) return 'invitation-used'
  if (isWithdrawn(history, id) || notGood(history, fields.m)) return 'invitation-void'
  if (isExpired(invite, history.now)) return 'invitation-expired'
  if (fields.for !== undefined && fields.for !== root) return 'invitation-not-for-you'
  if (isKnownKey(history, key) || device(history, root) || key === root) return 'device-known'
  return wrongJoinSigners(check, join, fields.key)
}

// §6.8

/** VOID-1. */
function inviteVoidRules(history: History, { fields }: Statement<'invite-void'>): Wrong {
  const invite = invitation(history, fields.invite)
  if (!invite || (fields.m !== undefined && invite.said.fields.m !== fields.m)) return 'invitation-unknown'
  if (guest(history, fields.invite)) return 'invitation-used'
  return isWithdrawn(history, fields.invite) ? 'invitation-void' : undefined
}

/** VOID-2. */
function repudiateRules(history: History, { fields }: Statement<'repudiate'>): Wrong {
  if (invitation(history, fields.invite)?.said.fields.m !== fields.m) return 'invitation-unknown'
  const came = guest(history, fields.invite)
  if (!came) return 'invitation-unused'
  const late = history.now > came.since + history.genesis.policy['undo-hours'] * 3600
  return notHere(history, came.id) ?? (late ? 'undo-late' : undefined)
}

/** VOUCH-1. */
function vouchRules(history: History, { fields }: Statement<'vouch'>, author: Member): Wrong {
  const { m, for: other } = fields
  const pause = history.genesis.policy['pause-points']
  if (!member(history, other)) return 'member-unknown'
  if (other === m) return 'self-target'
  const gone = notHere(history, other)
  if (gone) return gone
  if (!isMature(history, author)) return 'member-immature'
  if (pause !== 0 && points(history, m) >= pause) return 'sponsor-paused'
  if (isDescendant(history, m, other)) return 'vouch-inside'
  const vouched = all(history, 'vouch').filter(({ said }) => said.fields.for === other)
  if (sponsor(history, other) === m || vouched.some(({ said }) => said.fields.m === m)) return 'vouch-known'
  return vouched.length < 8 ? undefined : 'vouch-limit'
}

// §6.9

/** STAGE-2. */
function roomEndRules(history: History, { fields }: Statement<'room-end'>): Wrong {
  const open = room(history, fields.room)
  if (!open) return 'room-unlogged'
  if (open.said.fields.m !== fields.m) return 'not-host'
  return roomEnd(history, fields.room) === undefined ? undefined : 'room-closed'
}

/** ATTEST-1. */
function attestRules(history: History, { fields }: Statement<'attest'>, author: Member): Wrong {
  const { m, for: other, minutes, as } = fields
  if (!member(history, other)) return 'member-unknown'
  if (other === m) return 'self-target'
  const gone = notGood(history, other)
  if (gone) return gone
  const open = room(history, fields.room)
  if (!open) return 'room-unlogged'
  const end = roomEnd(history, fields.room)
  if (end !== undefined && history.now > end + DAY) return 'room-closed'
  if (as === 'hosted' && open.said.fields.m !== other) return 'not-host'
  if (minutes * 60 > (end ?? history.now) - open.t + 60) return 'attestation-too-long'
  if (!isMature(history, author)) return 'member-immature'
  const known = all(history, 'attest').some(
    ({ said }) => said.fields.m === m && said.fields.for === other && said.fields.room === fields.room,
  )
  return known ? 'attestation-known' : undefined
}

/** CLAIM-1. */
function claimRules(history: History, { fields }: Statement<'claim'>): Wrong {
  const { m, refs } = fields
  const { policy } = history.genesis
  const last = all(history, 'claim').findLast(({ said }) => said.fields.m === m)
  if (last && history.now < last.t + policy['claim-days'] * DAY) return 'claim-early'
  const attests = refs.map((ref) =>
    all(history, 'attest').find(({ said }) => said.id === ref && said.fields.for === m),
  )
  for (const [i, ref] of refs.entries()) {
    if (!attests[i]) return 'attestation-unknown'
    if (isSpent(history, ref)) return 'attestation-spent'
  }
  const counted = (attests as Fact<'attest'>[])
    .map(({ said }) => said.fields)
    .filter((attest) => standing(history, attest.m) === 'active')
  const attesters = new Set(counted.map((attest) => attest.m))
  const outside = [...attesters].filter((id) => branch(history, id) !== branch(history, m))
  const rooms = [...new Set(counted.map((attest) => attest.room))]
  const minutes = rooms
    .map((id) => Math.max(...counted.filter((attest) => attest.room === id).map((attest) => attest.minutes)))
    .reduce((sum, longest) => sum + longest, 0)
  const enough =
    attesters.size >= policy['claim-attesters'] &&
    rooms.length >= policy['claim-rooms'] &&
    outside.length >= policy['claim-outside'] &&
    minutes >= policy['claim-minutes']
  return enough ? undefined : 'claim-short'
}

/** CERT-2. */
function certifyRules(history: History, { fields }: Statement<'certify'>): Wrong {
  const { m, for: other, on } = fields
  if (!stewards(history).includes(m)) return 'not-steward'
  if (!member(history, other)) return 'member-unknown'
  return notGood(history, other) ?? (isCertified(history, other) === on ? 'certificate-known' : undefined)
}

/** BAN-1. */
function banRules(history: History, { fields }: Statement<'ban'>): Wrong {
  const target = member(history, fields.m)
  if (!target) return 'member-unknown'
  if (standing(history, fields.m) === 'banned') return 'ban-known'
  const gone = notHere(history, fields.m)
  if (gone) return gone
  return council(history).keys.includes(roots(history, target).inForce.key) ? 'council-member' : undefined
}

// §6.11

type Proved = { readonly wrong: string } | { readonly about: string }

function evidenceRules(history: History, check: Check, said: Statement<AnybodysAct>): Proved {
  switch (said.type) {
    case 'equivocation': {
      const place = twinsIn(check, history.community, said.fields)
      if (!place) return { wrong: 'evidence-wrong' }
      if (!isMembersKey(history, place.key)) return { wrong: 'device-unknown' }
      return isFrozen(history, place.key) ? { wrong: 'evidence-known' } : { about: place.key }
    }
    case 'leak':
      return leakRules(history, check, said)
    case 'log-fork': {
      const size = forkIn(check, history.community, logKeys(history), said.fields.evidence)
      if (size === undefined) return { wrong: 'evidence-wrong' }
      const known = all(history, 'log-fork').some(({ about }) => about === String(size))
      return known ? { wrong: 'evidence-known' } : { about: String(size) }
    }
  }
}

/** EQUIV-1: it is or was a device or root of somebody, or it is one that a recover names. */
function isMembersKey(history: History, key: string): boolean {
  return device(history, key) !== undefined || knownRoots(history).some((one) => one.key === key)
}

/** LEAK-1. */
function leakRules(history: History, check: Check, { fields }: Statement<'leak'>): Proved {
  const opened = openStatement(history.community, unhex(fields.join), 'join')
  if (!opened.ok || opened.value.type !== 'join') return { wrong: 'evidence-wrong' }
  const join = opened.value
  const invite = invitation(history, join.fields.invite)
  if (!invite) return { wrong: 'invitation-unknown' }
  const came = guest(history, invite.said.id)
  if (!came || came.id === join.inner?.identity.id) return { wrong: 'evidence-wrong' }
  if (wrongJoinSigners(check, join, invite.said.fields.key)) return { wrong: 'evidence-wrong' }
  return isLeaked(history, invite.said.id) ? { wrong: 'evidence-known' } : { about: invite.said.id }
}
