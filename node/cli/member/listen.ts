import type { RoomId } from '../../../protocol/ids.ts'
import { type HeardPerson, Hearing } from '../../headless/hearing.ts'
import { reaches } from '../../headless/room-visit.ts'
import { systemClock } from '../../ports/clock.ts'
import type { Declare, Terminal } from '../command.ts'
import { examples } from '../command.ts'
import { EXIT, type ExitStatus } from '../failure.ts'
import { count } from '../output.ts'
import { type HomeOptions, withHomeOptions } from './home.ts'
import { checkIn, inRoom, isOver, joinWhenHeardOf, parseRoom, type RoomVisit } from './room-visit.ts'
import { parseCount } from './targets.ts'

/** How often it is told what changed, in milliseconds. */
const TELL_EVERY = 1_000
const MOST_SECONDS = 86_400

interface ListenOptions extends HomeOptions {
  readonly seconds?: number
}

export const declareListen: Declare = (program, start) => {
  withHomeOptions(program.command('listen'))
    .description(
      'Enter a room as a listener, and tell whose voice comes, and how well. Nothing is played or kept.',
    )
    .argument('<room>', 'id of the room, or its address', parseRoom)
    .option(
      '--seconds <n>',
      'leave after so many seconds; otherwise at the end of the room',
      parseCount(1, MOST_SECONDS),
    )
    .addHelpText(
      'after',
      `${examples(
        ['palabre listen "https://…/#/r/…"', 'until the room ends, or Ctrl-C'],
        [
          'palabre --json listen <room> --seconds 30',
          'a line of JSON for the room, for each change, and for the end',
        ],
      )}
The exit status is 1 when a voice was not its speaker's own (forged, unverified), or came under a secret that was not handed
to you (locked).
`,
    )
    .action(start(listen))
}

function listen(terminal: Terminal, room: RoomId, options: ListenOptions): Promise<ExitStatus> {
  return inRoom(
    terminal,
    options,
    (peer) => joinWhenHeardOf(peer, room, terminal.signal),
    (visit) => hearOut(terminal, visit, options.seconds),
  )
}

async function hearOut(
  { output, signal }: Terminal,
  { session, sound }: RoomVisit,
  seconds: number | undefined,
): Promise<ExitStatus> {
  const { id, title, host } = session.view.value
  checkIn(session.view.value)
  output.result({ room: id, title, host }, `You listen to "${title}".`)
  const begun = performance.now()
  const hearing = new Hearing(session)
  const told = new Map<HeardPerson['member'], HeardPerson>()
  const tell = () => {
    for (const person of hearing.people) {
      if (told.get(person.member) === person) continue
      told.set(person.member, person)
      output.result({ voice: person }, () => lineOf(person))
    }
  }
  const cancel = systemClock.every(TELL_EVERY, tell)
  const ends = seconds === undefined ? [signal] : [signal, AbortSignal.timeout(seconds * 1000)]
  try {
    await untilAny(ends, (over) => reaches(session.view, isOver, over))
  } finally {
    cancel()
    tell()
    hearing.stop()
  }
  const { people } = hearing
  const refused = new Map(sound.counts.refused)
  const lasted = Math.round((performance.now() - begun) / 1000)
  output.result({ seconds: lasted, heard: people, refused }, () => summaryOf(lasted, people, refused))
  checkIn(session.view.value)
  return people.every(({ check }) => check === 'verified') ? EXIT.ok : EXIT.findings
}

/** Ends with the wait, or as soon as one of these ends it. */
async function untilAny(
  signals: readonly AbortSignal[],
  wait: (over: AbortSignal) => Promise<void>,
): Promise<void> {
  const over = AbortSignal.any([...signals])
  await wait(over).catch((error: unknown) => {
    if (!over.aborted) throw error
  })
}

const CHECKS = {
  verified: 'their own voice',
  unverified: 'NOT VERIFIED: nobody signs for it',
  forged: 'FORGED: somebody else speaks in their name',
  locked: 'LOCKED: sealed with a secret that is not ours',
} as const

function lineOf({ member, name, way, check, packets, sound, lost, gaps, jitter }: HeardPerson): string {
  const known = check === undefined ? 'not checked yet' : CHECKS[check]
  const holes = lost === 0 ? 'none lost' : `${count(lost)} lost in ${count(gaps)} gaps`
  const road = way === undefined ? '' : way === 'direct' ? ', directly' : ', over the relay'
  const much = `${(sound / 1000).toFixed(1)} s in ${count(packets)} packets`
  return `${name ?? member}: ${known}; ${much}${road}, ${holes}, jitter ${jitter.toFixed(1)} ms`
}

function summaryOf(
  seconds: number,
  people: readonly HeardPerson[],
  refused: ReadonlyMap<string, number>,
): string {
  const whom = people.length === 0 ? 'nobody' : people.map(({ name, member }) => name ?? member).join(', ')
  const most = [...refused].map(([reason, n]) => `${reason} ${count(n)}`).join(', ')
  return `In ${count(seconds)} s you heard ${whom}.${most === '' ? '' : `\nNot let through: ${most}.`}`
}
