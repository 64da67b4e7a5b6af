import { ERASE, LEAVE } from '../../../protocol/community/leave.ts'
import type { Id, MemberId } from '../../../protocol/ids.ts'
import type { Declare, Terminal } from '../command.ts'
import { examples } from '../command.ts'
import { EXIT, type ExitStatus } from '../failure.ts'
import { atSite, type HomeOptions, visiting, withHomeOptions } from './home.ts'
import { type PhraseOptions, readPhrase, withPhraseOption } from './phrase.ts'
import { asRoot } from './roots.ts'

export const declareLeave: Declare = (program, start) => {
  withPhraseOption(withHomeOptions(program.command('leave')))
    .description('Leave the community, for good.')
    .addHelpText(
      'after',
      examples(
        ['palabre export --out me.json', 'first, what is held about you'],
        ['palabre leave --words-file words.txt', 'then leave'],
      ),
    )
    .action(start(leave))
}

export const declareErase: Declare = (program, start) => {
  withHomeOptions(program.command('erase'))
    .option(
      '--words-file <file>',
      'as your root, where your devices are let in no more: the 24 words, or - for standard input',
    )
    .description('Ask everybody to delete your profile. The ledger keeps its entries, without your name.')
    .addHelpText(
      'after',
      examples(
        ['palabre erase', 'your name is gone at the relay, and soon everywhere'],
        ['palabre erase --words-file words.txt', 'the same when you are banned: it is your right'],
      ),
    )
    .action(start(erase))
}

async function leave(terminal: Terminal, options: HomeOptions & PhraseOptions): Promise<ExitStatus> {
  const phrase = await readPhrase(terminal, options)
  // As the root: whoever was cut off with a branch may leave too, and their devices are let in no more.
  return atSite(terminal, options, undefined, (site) =>
    asRoot(terminal, site, phrase, async (root) => {
      const { id } = await root.act(LEAVE, (place) => place)
      const { name } = root.state.genesis.payload
      terminal.output.result({ leave: id, member: root.member }, `You have left ${name}.`)
      return EXIT.ok
    }),
  )
}

async function erase(terminal: Terminal, options: HomeOptions & PhraseOptions): Promise<ExitStatus> {
  const done = (id: Id, member: MemberId) => {
    terminal.output.result({ erase: id, member }, 'Your profile is erased.')
    return EXIT.ok
  }
  if (options.wordsFile === undefined) {
    return visiting(terminal, options, async (visit) => {
      const { id } = await visit.act(ERASE, (place) => place)
      await visit.profiles.forgetErased()
      return done(id, visit.card.member)
    })
  }
  const phrase = await readPhrase(terminal, options)
  return atSite(terminal, options, undefined, (site) =>
    asRoot(terminal, site, phrase, async (root) =>
      done((await root.act(ERASE, (place) => place)).id, root.member),
    ),
  )
}
