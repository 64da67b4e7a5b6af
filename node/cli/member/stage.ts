import type { Command } from 'commander'
import { Option } from 'commander'
import { ATTEST, MAX_ATTESTED_MINUTES } from '../../../protocol/community/attest.ts'
import { commitTitle, ROOM_END, ROOM_OPEN } from '../../../protocol/community/stage-room.ts'
import { ID_BYTES, idOf, type RoomId } from '../../../protocol/ids.ts'
import type { Declare, Terminal } from '../command.ts'
import { examples } from '../command.ts'
import { EXIT, type ExitStatus } from '../failure.ts'
import { type HomeOptions, visiting, withHomeOptions } from './home.ts'
import { memberBy, parseCount, parseRoomId } from './targets.ts'

interface OpenOptions extends HomeOptions {
  readonly room?: RoomId
  readonly title: string
}

interface AttestOptions extends HomeOptions {
  readonly room: RoomId
  readonly minutes: number
  readonly hosted?: boolean
}

export const declareRoom: Declare = (program, start) => {
  const group: Command = program
    .command('room')
    .description('Enter a room whose stage shall count into the ledger.')
    .addHelpText(
      'after',
      examples(
        ['palabre room open --title "Evening tales"', 'print the id of the room'],
        ['palabre room end <room>', 'nobody is attested for it a day later'],
      ),
    )
  withHomeOptions(group.command('open'))
    .description('Open a room in the ledger, which holds a commitment to its title.')
    .requiredOption('--title <title>', 'its title')
    .option('--room <id>', 'its id where it is open already; otherwise a new one', parseRoomId)
    .action(start(open))
  withHomeOptions(group.command('end'))
    .description('End a room that you opened in the ledger.')
    .argument('<room>', 'id of the room', parseRoomId)
    .action(start(end))
}

export const declareAttest: Declare = (program, start) => {
  withHomeOptions(program.command('attest'))
    .description('Say that somebody was on the stage of a room, as you saw it.')
    .argument('<member>', 'id of the member, or how it begins')
    .requiredOption('--room <id>', 'id of the room', parseRoomId)
    .addOption(
      new Option('--minutes <n>', 'for so many minutes')
        .argParser(parseCount(1, MAX_ATTESTED_MINUTES))
        .makeOptionMandatory(),
    )
    .option('--hosted', 'they hosted it')
    .addHelpText(
      'after',
      examples(['palabre attest 3hQ8mZk1 --room <room> --minutes 20', 'they spoke for 20 minutes']),
    )
    .action(start(attest))
}

function open(terminal: Terminal, options: OpenOptions): Promise<ExitStatus> {
  return visiting(terminal, options, async (visit, { ports }) => {
    const room = options.room ?? idOf<RoomId>(ports.random.bytes(ID_BYTES))
    const title = commitTitle(room, options.title.normalize('NFC'))
    const { id } = await visit.act(ROOM_OPEN, (place) => ({ ...place, room, title }))
    terminal.output.result({ room, statement: id }, room)
    return EXIT.ok
  })
}

function end(terminal: Terminal, room: RoomId, options: HomeOptions): Promise<ExitStatus> {
  return visiting(terminal, options, async (visit) => {
    const { id } = await visit.act(ROOM_END, (place) => ({ ...place, room }))
    terminal.output.result({ room, statement: id }, 'The room has ended in the ledger.')
    return EXIT.ok
  })
}

function attest(terminal: Terminal, typed: string, options: AttestOptions): Promise<ExitStatus> {
  const { room, minutes, hosted = false } = options
  return visiting(terminal, options, async (visit) => {
    const member = memberBy(visit.state, typed)
    const as = hosted ? ('hosted' as const) : ('spoke' as const)
    const { id } = await visit.act(ATTEST, (place) => ({ ...place, for: member, room, minutes, as }))
    terminal.output.result({ attest: id, member, room }, `You attested ${minutes} minutes of ${member}.`)
    return EXIT.ok
  })
}
