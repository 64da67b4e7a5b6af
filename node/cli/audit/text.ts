import type { Audit } from '../../audit/audit.ts'
import type { Finding } from '../../audit/finding.ts'
import type { MemberReport } from '../../audit/member.ts'
import type { Summary } from '../../audit/summary.ts'
import { count, table } from '../output.ts'
import type { Changes } from './changes.ts'
import type { Compared } from './views.ts'

/** Findings of one code that are shown to a person; all of them are in the JSON. */
const SHOWN = 5
/** Members below somebody that are shown to a person. */
const SHOWN_BELOW = 40

export function summaryText(audit: Audit, summary: Summary): string {
  const { members, devices, invitations, rooms, attests, bans, witnesses, logs } = summary
  const { checkpoint, cosigned, head } = audit
  const rows: [string, string][] = [
    ['community', summary.community],
    [
      'ledger',
      `${count(summary.entries)} entries, ${timeText(summary.founded)} to ${timeText(summary.time)}`,
    ],
    [
      'members',
      `${count(members.all)}: ${listText({ active: members.active, banned: members.banned, cut: members.cut, left: members.left, repudiated: members.repudiated })}`,
    ],
    [
      '',
      listText({
        founders: members.founders,
        certified: members.certified,
        'profiles erased': members.erased,
      }),
    ],
    ['devices', `${count(devices.all)}${more({ removed: devices.removed, frozen: devices.frozen })}`],
    [
      'invitations',
      `${count(invitations.all)}${more({ used: invitations.used, open: invitations.open, expired: invitations.expired, withdrawn: invitations.withdrawn, leaked: invitations.leaked })}`,
    ],
    ['rooms', `${count(rooms.all)}${more({ open: rooms.open })}`],
    ['attests', `${count(attests.all)}${more({ claimed: attests.spent })}`],
    ['bans', `${count(bans.all)}${more({ lifted: bans.lifted })}`],
    ['void', Object.keys(summary.voids).length === 0 ? 'no entry' : listText(summary.voids)],
    ['council', `${summary.council.k} of ${summary.council.of}, version ${summary.council.v}`],
    ['log', `${logs.at(-1)}${logs.length > 1 ? `, its key number ${logs.length}` : ''}`],
    [
      'checkpoint',
      checkpoint === undefined
        ? 'none that holds'
        : `${count(checkpoint.size)} entries, signed by the log, cosigned by ${cosigned} of ${witnesses.of} witnesses (${witnesses.k} wanted)`,
    ],
    ['root', base64(head.root)],
    ['state hash', head.state === undefined ? 'unknown: not every entry could be read' : base64(head.state)],
  ]
  return `${summary.name}\n${table(rows)}`
}

/** @param wentOn only what came since an earlier audit was computed */
export function findingsText(findings: readonly Finding[], wentOn: boolean): string {
  if (findings.length === 0)
    return wentOn
      ? 'Nothing is wrong: every entry since the earlier audit, its signatures, the root, the state and the new tiles were computed and fit.'
      : 'Nothing is wrong: every entry, every signature, the root, the state and the tiles were computed again and fit.'
  return [
    `${count(findings.length)} ${findings.length === 1 ? 'finding' : 'findings'}:`,
    ...linesOf(findings),
  ].join('\n')
}

export function earlierText(findings: readonly Finding[]): string {
  return ['Found by an earlier audit in what the log showed then:', ...linesOf(findings)].join('\n')
}

function linesOf(findings: readonly Finding[]): readonly string[] {
  const byCode = new Map<string, Finding[]>()
  for (const finding of findings) {
    const same = byCode.get(finding.code)
    if (same === undefined) byCode.set(finding.code, [finding])
    else same.push(finding)
  }
  const lines: string[] = []
  for (const [code, same] of byCode) {
    for (const { detail } of same.slice(0, SHOWN)) lines.push(`  ${code}  ${detail}`)
    if (same.length > SHOWN) lines.push(`  ${code}  and ${count(same.length - SHOWN)} more`)
  }
  return lines
}

export function changesText({ since, entries, taken, voids }: Changes): string {
  const lines = [
    `Since entry ${count(since)}: ${count(entries)} new entries, and the older tree is the beginning of this one.`,
  ]
  if (Object.keys(taken).length > 0) lines.push(`  taken  ${listText(taken)}`)
  if (Object.keys(voids).length > 0) lines.push(`  void   ${listText(voids)}`)
  return lines.join('\n')
}

export function comparedText({ name, size, kind }: Compared): string {
  switch (kind) {
    case 'consistent':
      return `${name} (${count(size)} entries) and this ledger are one history.`
    case 'split':
      return `${name} (${count(size)} entries) and this ledger are two histories, both signed by the log.`
    case 'unproven':
      return `${name} (${count(size)} entries) is ahead of this ledger, and nothing at hand shows how it goes on: name its relay or folder.`
  }
}

export function memberText(report: MemberReport): string {
  const { sponsors, vouches, below, slots, attests, devices, bans } = report
  const rows: [string, string][] = [
    ['member', report.id],
    [
      'standing',
      listOf([
        report.standing,
        report.founder && 'founder',
        report.certified && 'certified',
        report.erased && 'profile erased',
      ]),
    ],
    ['came in', `${timeText(report.since)}, entry ${count(report.index)}`],
    ['sponsor line', report.founder ? 'a founder: nobody' : sponsors.map(short).join(' < ')],
    ['branch', report.branch],
    [
      'vouched for by',
      vouches.length === 0
        ? 'nobody'
        : vouches.map(({ member, at }) => `${short(member)} (${timeText(at)})`).join(', '),
    ],
    [
      'mature',
      report.matureFrom === undefined
        ? 'not before somebody outside the branch attests them'
        : `from ${timeText(report.matureFrom)}`,
    ],
    [
      'attested',
      report.attested === undefined ? 'by nobody outside the branch' : `since ${timeText(report.attested)}`,
    ],
    [
      'attests',
      `${attests.received.length} received (${attests.received.filter(({ spent }) => spent).length} claimed), ${attests.given} given`,
    ],
    ['last claim', report.claimed === undefined ? 'none' : timeText(report.claimed)],
    [
      'points',
      `${report.points}${report.paused ? ', invitations paused' : ''}${report.charges.length > 0 ? `, of ${report.charges.length} charged bans` : ''}`,
    ],
    [
      'devices',
      `${devices.length}${more({ removed: devices.filter(({ removed }) => removed).length, frozen: devices.filter(({ frozen }) => frozen).length })}`,
    ],
    [
      'bans',
      bans.length === 0
        ? 'none'
        : bans.map(({ why, at, lifted }) => `${why} (${timeText(at)}${lifted ? ', lifted' : ''})`).join(', '),
    ],
  ]
  const slotRows = slots.map(({ slot, state, from, guest, invitation }): [string, string, string] => [
    `  slot ${slot}`,
    state,
    listOf([
      guest !== undefined && `by ${short(guest)}`,
      from !== undefined && `until ${timeText(from)}`,
      // Whole, for the council to withdraw it by.
      guest === undefined && invitation !== undefined && invitation,
    ]),
  ])
  const shown = below
    .slice(0, SHOWN_BELOW)
    .map(({ id, depth, standing }) => `${'  '.repeat(depth)}${short(id)} ${standing}`)
  if (below.length > SHOWN_BELOW) shown.push(`  and ${count(below.length - SHOWN_BELOW)} more`)
  return [table(rows), 'slots', table(slotRows), `below: ${count(below.length)}`, ...shown].join('\n')
}

/** UTC, to the minute, as in the ledger. */
export function timeText(seconds: number): string {
  return new Date(seconds * 1000).toISOString().slice(0, 16).replace('T', ' ')
}

function short(id: string): string {
  return id.slice(0, 12)
}

function base64(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('base64')
}

function listText(counts: Readonly<Record<string, number>>): string {
  return Object.entries(counts)
    .map(([what, n]) => `${count(n)} ${what}`)
    .join(', ')
}

/** Those that there are, in brackets. */
function more(counts: Readonly<Record<string, number>>): string {
  const some = Object.entries(counts).filter(([, n]) => n > 0)
  return some.length === 0 ? '' : ` (${listText(Object.fromEntries(some))})`
}

function listOf(parts: readonly (string | false)[]): string {
  return parts.filter((part) => part !== false).join(', ')
}
