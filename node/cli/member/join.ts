import type { Terminal } from '../command.ts'
import { type Declare, examples } from '../command.ts'
import { EXIT, type ExitStatus } from '../failure.ts'
import { readLink, tellArrival } from './arrive.ts'
import { atSite, during, type HomeOptions, withHomeOption } from './home.ts'
import { type PhraseOptions, readPhrase, withPhraseOption } from './phrase.ts'

interface JoinOptions extends HomeOptions, PhraseOptions {
  readonly name: string
}

export const declareJoin: Declare = (program, start) => {
  withPhraseOption(withHomeOption(program.command('join')))
    .description('Come into a community with an invitation link.')
    .argument('<link>', 'the invitation link, or - for standard input')
    .requiredOption('--name <name>', 'the name that members see')
    .addHelpText(
      'after',
      examples(
        ['palabre identity new --words-file words.txt', 'once in your life'],
        ['palabre join "https://…/#/i/…" --name Awa --words-file words.txt', 'come in'],
      ),
    )
    .action(start(join))
}

async function join(terminal: Terminal, typed: string, options: JoinOptions): Promise<ExitStatus> {
  const { origin, code } = readLink(typed === '-' ? await terminal.readStdin() : typed, 'i')
  const phrase = await readPhrase(terminal, options)
  return atSite(terminal, options, origin, async (site) => {
    const identity = await site.ways.knownIdentity(phrase)
    const visit = await site.ways.join({ code, name: options.name, identity })
    return during(visit, async () => {
      await tellArrival(terminal, site, visit)
      return EXIT.ok
    })
  })
}
