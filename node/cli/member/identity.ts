import { ENTROPY_BYTES, phraseOf } from '../../../protocol/identity/root.ts'
import { deviceSigner } from '../../crypto/device-key.ts'
import { englishWords } from '../../headless/headless.ts'
import { readPublicLedger } from '../../headless/public-ledger.ts'
import { systemRandom } from '../../ports/random.ts'
import { askSite } from '../../site-address.ts'
import { type Declare, examples, type Terminal } from '../command.ts'
import { EXIT, type ExitStatus } from '../failure.ts'
import { table } from '../output.ts'
import { declareDevices } from './devices.ts'
import { atSite, cardsIn, type HomeOptions, inHome, withHomeOptions } from './home.ts'
import { type PhraseOptions, readPhrase, rootOf, withPhraseOption, writePhrase } from './phrase.ts'
import { declareRecovery } from './recovery.ts'

export const declareIdentity: Declare = (program, start) => {
  const group = program
    .command('identity')
    .description('Your recovery phrase, and the devices and guardians that speak for you.')
    .addHelpText(
      'after',
      examples(
        ['palabre identity new --words-file words.txt', 'make 24 words; keep them on paper too'],
        ['palabre identity show', 'who you are in which community'],
        [
          'palabre identity root --relay https://… --words-file words.txt',
          'your root key there, for "invite --for"',
        ],
        [
          'palabre identity restore --relay https://… --words-file words.txt',
          'make this home a device of yours',
        ],
        ['palabre identity device list', 'your devices'],
        [
          'palabre identity guardians 2 3hQ8mZk1 9aTr4LpQ wX7cB2nE',
          'who can give you a new phrase, two of three',
        ],
      ),
    )
  group
    .command('new')
    .description(
      'Make a recovery phrase: 24 words that are you, in every community. It is kept nowhere else.',
    )
    .option('--words-file <file>', 'write it there, for you alone, instead of printing it')
    .action(start(makeNew))
  withHomeOptions(group.command('show'))
    .description('Who you are: your member and device in each community of this home.')
    .action(start(show))
  withPhraseOption(withHomeOptions(group.command('root')))
    .description('Your root key in a community, also where you are no member yet. It is public.')
    .action(start(showRoot))
  declareDevices(group, start)
  declareRecovery(group, start)
}

async function makeNew(terminal: Terminal, { wordsFile }: PhraseOptions): Promise<ExitStatus> {
  const words = phraseOf(systemRandom.bytes(ENTROPY_BYTES), await englishWords())
  if (wordsFile === undefined) {
    terminal.output.result({ words }, words.join(' '))
  } else {
    await writePhrase(terminal, wordsFile, words)
    terminal.output.result(
      { wordsFile },
      `Your recovery phrase is in ${wordsFile}. Write it on paper: without it nobody can give you a new device.`,
    )
  }
  return EXIT.ok
}

function show(terminal: Terminal, options: HomeOptions): Promise<ExitStatus> {
  return inHome(terminal, options, async (home) => {
    const known = (await cardsIn(home)).map(({ card, relay }) => ({
      community: card.community,
      relay,
      member: card.member,
      device: deviceSigner(card.device).publicKey,
    }))
    terminal.output.result(known, () =>
      known.length === 0
        ? 'This home has no device in any community.'
        : known
            .map(({ community, relay, member, device }) =>
              table([
                ['Community', community],
                ['Relay', relay ?? 'unknown'],
                ['Member', member],
                ['Device', device],
              ]),
            )
            .join('\n\n'),
    )
    return EXIT.ok
  })
}

async function showRoot(terminal: Terminal, options: HomeOptions & PhraseOptions): Promise<ExitStatus> {
  const phrase = await readPhrase(terminal, options)
  return atSite(terminal, options, undefined, async ({ origin, ports }) => {
    const { signal } = terminal
    const { genesis, community } = await readPublicLedger(
      await askSite(origin, signal),
      { ...ports, signal },
      undefined,
      1,
    )
    const root = await rootOf(phrase, genesis.payload.nonce)
    terminal.output.result({ community, root: root.publicKey }, root.publicKey)
    return EXIT.ok
  })
}
