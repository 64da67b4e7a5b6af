import { resolve } from 'node:path'
import { MAX_FILE_BYTES, type OpusFile, type OpusFileReason, readOpusFile } from '../../headless/opus-file.ts'
import { PacketTrack } from '../../headless/packet-track.ts'
import { play } from '../../headless/player.ts'
import { reaches } from '../../headless/room-visit.ts'
import { systemClock } from '../../ports/clock.ts'
import type { Peer, RoomSession, RoomView } from '../../view.ts'
import type { Declare, Terminal } from '../command.ts'
import { examples } from '../command.ts'
import { CliError, EXIT, type ExitStatus, RefusedError } from '../failure.ts'
import { count } from '../output.ts'
import { readStart } from '../read-start.ts'
import { type HomeOptions, withHomeOptions } from './home.ts'
import { checkIn, inRoom, isOver, joinWhenHeardOf, parseRoom, type RoomVisit } from './room-visit.ts'
import { parseCount } from './targets.ts'

/** How long it is waited for the stage, and for somebody to hear. Seconds. */
const WAIT = 300
const MOST_WAIT = 86_400

/** Nobody sets it back in the middle of a sentence. */
const MONOTONIC = { ...systemClock, now: () => performance.now() }

interface SpeakOptions extends HomeOptions {
  readonly accept?: boolean
  readonly open?: boolean
  readonly repeat?: boolean
  readonly wait: number
}

export const declareSpeak: Declare = (program, start) => {
  withHomeOptions(program.command('speak'))
    .description('Play an Ogg Opus file into a room, from its stage, as soon as somebody can hear it.')
    .argument('<room>', 'id of the room, or its address; with --open, the title of a new one')
    .argument('<file>', 'made for instance with: opusenc --bitrate 24 --framesize 20 story.wav story.opus')
    .option('--accept', 'raise your hand, and take the stage when it is offered')
    .option('--open', 'open a room for it, and end it afterwards')
    .option('--repeat', 'begin again at the end of the file, until Ctrl-C')
    .option('--wait <n>', 'seconds for the stage, and for somebody to come', parseCount(1, MOST_WAIT), WAIT)
    .addHelpText(
      'after',
      `${examples(
        ['palabre speak <room> story.opus', 'where you host or have the stage already'],
        ['palabre speak <room> story.opus --accept', 'where the stage must be offered to you'],
        ['palabre speak --open "Evening tales" story.opus', 'a room of your own'],
      )}
Packets are sent as they stand in the file, or several in one where a relay asks for longer ones: 20 ms each or more, and less
than about 44 kbit/s.
`,
    )
    .action(start(speak))
}

async function speak(
  terminal: Terminal,
  typed: string,
  file: string,
  options: SpeakOptions,
): Promise<ExitStatus> {
  const opus = await readFile(terminal, file)
  const room = options.open === true ? undefined : parseRoom(typed)
  const enter = (peer: Peer): Promise<RoomSession> =>
    room === undefined
      ? peer.openRoom({ title: typed, topics: [], language: 'en' })
      : joinWhenHeardOf(peer, room, terminal.signal)
  return inRoom(terminal, options, enter, (visit) => sayAll(terminal, visit, opus, options))
}

async function sayAll(
  { output, signal }: Terminal,
  { session, sound }: RoomVisit,
  { packets, milliseconds }: OpusFile,
  { accept = false, open = false, repeat = false, wait }: SpeakOptions,
): Promise<ExitStatus> {
  checkIn(session.view.value)
  const { id, title } = session.view.value
  output.result({ room: id, title }, `You are in "${title}" (${id}).`)
  const late = AbortSignal.timeout(wait * 1000)
  const patience = AbortSignal.any([signal, late])
  /** @throws CliError when the time was over first */
  const comes = async (wanted: (view: RoomView) => boolean, code: string, sentence: string) => {
    await reaches(session.view, (view) => isOver(view) || wanted(view), patience).catch((error: unknown) => {
      throw late.aborted && !signal.aborted ? new CliError(code, sentence, { cause: error }) : error
    })
    checkIn(session.view.value)
    if (isOver(session.view.value)) throw new RefusedError('room-ended', 'The room ended first.')
  }

  const voice = new PacketTrack()
  if (session.view.value.me.onStage) await session.setMicrophone(voice.asMicrophone())
  else {
    if (!accept)
      throw new RefusedError(
        'stage-needed',
        'You are not on the stage: with --accept you ask for it, and take it.',
      )
    if (session.view.value.offer === undefined) await session.raiseHand(true)
    await comes(({ offer }) => offer !== undefined, 'stage-not-offered', 'The stage was not offered in time.')
    await session.acceptStage(voice.asMicrophone())
  }
  await session.setMuted(false)
  output.result({ stage: true }, 'You are on the stage.')
  await comes(isHeard, 'nobody-hears', 'Nobody came who could hear you.')
  await reaches(sound.maySpeak, Boolean, patience)

  session.setSpeaking(true)
  let all = { packets: 0, milliseconds: 0 }
  let isWhole: boolean
  do {
    const played = await play(packets, voice, MONOTONIC, signal)
    all = { packets: all.packets + played.packets, milliseconds: all.milliseconds + played.milliseconds }
    isWhole = played.packets === packets.length
  } while (repeat && isWhole && !signal.aborted)
  session.setSpeaking(false)
  const { sent } = sound.counts
  const file = { packets: packets.length, milliseconds }
  output.result(
    { said: { ...all, file, sent } },
    `You said ${count(all.packets)} packets of a file of ${count(packets.length)}, ` +
      `${(all.milliseconds / 1000).toFixed(1)} s; ${count(sent)} went out over all links.`,
  )
  if (!repeat) signal.throwIfAborted()
  checkIn(session.view.value)
  if (!isWhole && !signal.aborted)
    throw new RefusedError('stage-lost', 'You were muted, or taken off the stage, before the end.')
  await (open ? session.end() : session.stepDown())
  return EXIT.ok
}

/** Somebody is linked to us who may hear. */
function isHeard({ people }: RoomView): boolean {
  return people.some(({ me, link }) => !me && link === 'connected')
}

const UNFIT: Readonly<Record<OpusFileReason, string>> = {
  'opus-foreign': 'is no Ogg Opus file with one stream',
  'opus-damaged': 'is damaged, or cut off',
  'opus-channels': 'has more than two channels: make it with opusenc --downmix-mono',
  'opus-packets':
    'has packets shorter than 20 ms, of which no relay takes as many: make it with opusenc --framesize 20',
  'opus-bitrate': 'has more bits a second than a relay takes: make it with opusenc --bitrate 24',
  'opus-empty': 'has no sound in it',
}

async function readFile({ folder }: Terminal, file: string): Promise<OpusFile> {
  const bytes = await readStart(resolve(folder, file), MAX_FILE_BYTES + 1).catch(
    (cause: NodeJS.ErrnoException) => {
      throw new CliError('file-unreadable', `${file} cannot be read (${cause.code}).`, { cause })
    },
  )
  if (bytes.length > MAX_FILE_BYTES)
    throw new CliError('opus-large', `${file} is larger than ${MAX_FILE_BYTES / 1024 / 1024} MB.`)
  const read = readOpusFile(bytes)
  if (!read.ok) throw new CliError(read.reason, `${file} ${UNFIT[read.reason]}.`)
  return read.value
}
