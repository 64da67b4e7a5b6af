import type { Command } from 'commander'
import { seal } from '../../../protocol/envelope.ts'
import { GUARDIANS } from '../../../protocol/identity/guardians.ts'
import { RECOVER } from '../../../protocol/identity/recover.ts'
import { ROOT_ROTATE } from '../../../protocol/identity/root-rotate.ts'
import { compareTexts } from '../../../protocol/ids.ts'
import { MAX_SIGNATURES } from '../../../protocol/limits.ts'
import { toLedgerTime } from '../../../protocol/time.ts'
import { readPublicLedger } from '../../headless/public-ledger.ts'
import { second } from '../../ports/clock.ts'
import { askSite } from '../../site-address.ts'
import { examples, type Start, type Terminal } from '../command.ts'
import { CliError, EXIT, type ExitStatus } from '../failure.ts'
import { atSite, type HomeOptions, visiting, withHomeOptions } from './home.ts'
import { type PhraseOptions, readPhrase, rootOf, withPhraseOption } from './phrase.ts'
import { writeRequest } from './request.ts'
import { ownRoot } from './roots.ts'
import { memberBy, parseCount } from './targets.ts'

/** Roots that change hands: `identity rotate`, `guardians` and `recover`. */
export function declareRecovery(identity: Command, start: Start): void {
  withPhraseOption(withHomeOptions(identity.command('rotate')))
    .description('Take a new phrase in this community, because somebody may have seen the old one.')
    .requiredOption('--new-words-file <file>', 'the new 24 words: see "palabre identity new"')
    .action(start(rotate))
  withPhraseOption(withHomeOptions(identity.command('guardians')))
    .description('Name members who together can give you a new phrase, when you have lost yours.')
    .argument('<needed>', 'how many of them it takes', parseCount(1, MAX_SIGNATURES))
    .argument('<member...>', 'ids of members, or how they begin')
    .addHelpText(
      'after',
      examples(['palabre identity guardians 2 3hQ8mZk1 9aTr4LpQ wX7cB2nE', 'two of these three']),
    )
    .action(start(guardians))
  withPhraseOption(withHomeOptions(identity.command('recover')))
    .description(
      'Prepare a new phrase for somebody who lost theirs. It has effect 7 days after the guardians have signed, unless the old one says no.',
    )
    .argument('<member>', 'id of the member, or how it begins')
    .requiredOption('--out <file>', 'the request that the guardians sign')
    .addHelpText(
      'after',
      examples(
        ['palabre identity recover 3hQ8mZk1 --words-file new.txt --out recover.json', 'with the new words'],
        ['palabre sign recover.json', 'each guardian, with their device'],
        ['palabre submit recover.json', 'the last guardian'],
      ),
    )
    .action(start(recover))
}

async function rotate(
  terminal: Terminal,
  options: HomeOptions & PhraseOptions & { readonly newWordsFile: string },
): Promise<ExitStatus> {
  const phrase = await readPhrase(terminal, options)
  const fresh = await readPhrase(terminal, { wordsFile: options.newWordsFile })
  return visiting(terminal, options, async (visit) => {
    const old = await ownRoot(visit, phrase)
    const root = await rootOf(fresh, visit.state.genesis.payload.nonce)
    if (root.publicKey === old.publicKey) throw new CliError('phrase-same', 'The new words are the old ones.')
    const { id } = await visit.actAsRoot(old, ROOT_ROTATE, (place) => ({ ...place, root: root.publicKey }), [
      root,
    ])
    terminal.output.result(
      { root: root.publicKey, statement: id },
      'The new words are you in this community from now on, and the old ones are nobody.',
    )
    return EXIT.ok
  })
}

async function guardians(
  terminal: Terminal,
  needed: number,
  typed: readonly string[],
  options: HomeOptions & PhraseOptions,
): Promise<ExitStatus> {
  const phrase = await readPhrase(terminal, options)
  return visiting(terminal, options, async (visit) => {
    const of = [...new Set(typed.map((one) => memberBy(visit.state, one)))]
    if (needed > of.length || of.length > MAX_SIGNATURES)
      throw new CliError(
        'guardians-impossible',
        `There are at most ${MAX_SIGNATURES} guardians, and it takes no more of them than there are.`,
      )
    of.sort(compareTexts)
    const root = await ownRoot(visit, phrase)
    const { id } = await visit.actAsRoot(root, GUARDIANS, (place) => ({ ...place, k: needed, of }))
    terminal.output.result(
      { guardians: of, needed, statement: id },
      `${needed} of these ${of.length} can give you a new phrase.`,
    )
    return EXIT.ok
  })
}

/** Whoever lost their words has no device either, perhaps: the ledger is read as anybody may. */
async function recover(
  terminal: Terminal,
  typed: string,
  options: HomeOptions & PhraseOptions & { readonly out: string },
): Promise<ExitStatus> {
  const phrase = await readPhrase(terminal, options)
  return atSite(terminal, options, undefined, async ({ origin, ports }) => {
    const { signal, output } = terminal
    const state = await readPublicLedger(await askSite(origin, signal), { ...ports, signal })
    const member = memberBy(state, typed)
    const root = await rootOf(phrase, state.genesis.payload.nonce)
    const payload = { m: member, root: root.publicKey, at: toLedgerTime(second(ports.clock)) }
    const { bytes } = await seal(RECOVER, state.community, payload, [root])
    await writeRequest(terminal, options.out, bytes)
    const needed = state.members.get(member)?.guardians?.k
    output.result(
      { file: options.out, member, root: root.publicKey, needed },
      needed === undefined
        ? `${options.out} holds the recovery, but ${member} has named no guardians.`
        : `${options.out} holds the recovery; ${needed} guardians have to sign it with "palabre sign".`,
    )
    return EXIT.ok
  })
}
