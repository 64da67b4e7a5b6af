import { ERASE, LEAVE } from '../../../protocol/community/leave.ts'
import type { Declare, Terminal } from '../command.ts'
import { examples } from '../command.ts'
import { EXIT, type ExitStatus } from '../failure.ts'
import { type HomeOptions, visiting, withHomeOptions } from './home.ts'
import { type PhraseOptions, readPhrase, withPhraseOption } from './phrase.ts'
import { ownRoot } from './roots.ts'

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
    .description('Ask everybody to delete your profile. The ledger keeps its entries, without your name.')
    .addHelpText('after', examples(['palabre erase', 'your name is gone at the relay, and soon everywhere']))
    .action(start(erase))
}

async function leave(terminal: Terminal, options: HomeOptions & PhraseOptions): Promise<ExitStatus> {
  const phrase = await readPhrase(terminal, options)
  return visiting(terminal, options, async (visit) => {
    const { id } = await visit.actAsRoot(await ownRoot(visit, phrase), LEAVE, (place) => place)
    const { name } = visit.state.genesis.payload
    terminal.output.result({ leave: id, member: visit.card.member }, `You have left ${name}.`)
    return EXIT.ok
  })
}

function erase(terminal: Terminal, options: HomeOptions): Promise<ExitStatus> {
  return visiting(terminal, options, async (visit) => {
    const { id } = await visit.act(ERASE, (place) => place)
    await visit.profiles.forgetErased()
    terminal.output.result({ erase: id, member: visit.card.member }, 'Your profile is erased.')
    return EXIT.ok
  })
}
