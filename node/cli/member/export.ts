import { writeFile } from 'node:fs/promises'
import { resolve } from 'node:path'
import { open } from '../../../protocol/envelope.ts'
import { PROFILE } from '../../../protocol/identity/profile.ts'
import { ownData } from '../../people/own.ts'
import type { Declare, Terminal } from '../command.ts'
import { examples } from '../command.ts'
import { CliError, EXIT, type ExitStatus } from '../failure.ts'
import { toJson } from '../output.ts'
import { type HomeOptions, visiting, withHomeOptions } from './home.ts'

/** It holds links that let somebody in. */
const EXPORT_MODE = 0o600

interface ExportOptions extends HomeOptions {
  readonly out?: string
}

export const declareExport: Declare = (program, start) => {
  withHomeOptions(program.command('export'))
    .description(
      'Everything held about you, as one JSON document: profile, devices, invitations with their links, every entry of the ledger that concerns you. No key is in it.',
    )
    .option('--out <file>', 'write it there, for you alone, instead of printing it')
    .addHelpText('after', examples(['palabre export --out me.json', 'read it, or take it elsewhere']))
    .action(start(exportOwn))
}

function exportOwn(terminal: Terminal, options: ExportOptions): Promise<ExitStatus> {
  const { output, folder } = terminal
  return visiting(terminal, options, async (visit, { home, origin }) => {
    const { card, state, profiles } = visit
    const [held] = profiles.held([card.member])
    const profile = held && open(PROFILE, card.community, held)
    const own = await ownData(
      visit.ledger,
      card.member,
      profile?.ok ? profile.value.payload : undefined,
      home,
    )
    const prefix = `invitation/${card.community}/`
    const invitations = [...state.invitations.values()]
      .filter(({ sponsor }) => sponsor === card.member)
      .map(async (invitation) => {
        const code = await home.get(prefix + invitation.key)
        return typeof code === 'string' ? { ...invitation, link: `${origin.origin}/#/i/${code}` } : invitation
      })
    const document = { ...own, relay: origin.origin, invitations: await Promise.all(invitations) }
    if (options.out === undefined) {
      output.raw(output.json ? toJson(document) : JSON.stringify(JSON.parse(toJson(document)), undefined, 2))
      return EXIT.ok
    }
    const { out } = options
    const text = `${JSON.stringify(JSON.parse(toJson(document)), undefined, 2)}\n`
    await writeFile(resolve(folder, out), text, { mode: EXPORT_MODE }).catch(
      (cause: NodeJS.ErrnoException) => {
        throw new CliError('file-unwritable', `${out} cannot be written (${cause.code}).`, { cause })
      },
    )
    output.result(
      { file: out, entries: own.entries.length },
      `${out} holds what is known of you: ${own.entries.length} entries of the ledger, and what is kept here.`,
    )
    return EXIT.ok
  })
}
