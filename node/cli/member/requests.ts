import type { Statement } from '../../../protocol/community/statement.ts'
import type { KeyText } from '../../../protocol/ids.ts'
import type { Signer } from '../../../protocol/signature.ts'
import { cosign } from '../../community/cosigning.ts'
import type { Visit } from '../../headless/visit.ts'
import type { Declare, Terminal } from '../command.ts'
import { examples } from '../command.ts'
import { CliError, EXIT, type ExitStatus } from '../failure.ts'
import { toJson } from '../output.ts'
import { type HomeOptions, visiting, withHomeOptions } from './home.ts'
import { type PhraseOptions, readPhrase, withPhraseOption } from './phrase.ts'
import { readRequest, writeRequest } from './request.ts'
import { rootAmong } from './roots.ts'

export const declareSign: Declare = (program, start) => {
  withPhraseOption(withHomeOptions(program.command('sign')))
    .description(
      'Add your signature to what somebody else prepared: an act of the council, a new device of yours, a recovery of which you are a guardian.',
    )
    .argument('<file>', 'the request; it is written again with your signature')
    .addHelpText(
      'after',
      examples(
        ['palabre ban 3hQ8mZk1 --reason spam --out ban.json', 'one of the council prepares and signs'],
        ['palabre sign ban.json', 'another one sees what it is, and signs'],
        ['palabre submit ban.json', 'whoever has enough signatures sends it'],
      ),
    )
    .action(start(sign))
}

export const declareSubmit: Declare = (program, start) => {
  withHomeOptions(program.command('submit'))
    .description('Send a request that enough have signed.')
    .argument('<file>', 'the request')
    .addHelpText('after', examples(['palabre submit ban.json', 'exit status 1 while signatures are missing']))
    .action(start(submit))
}

async function sign(
  terminal: Terminal,
  file: string,
  options: HomeOptions & PhraseOptions,
): Promise<ExitStatus> {
  return visiting(terminal, options, async (visit) => {
    const statement = await readRequest(terminal, file, visit.card.community)
    const signer = await signerFor(terminal, options, visit, statement)
    const signed = await cosign(visit.card.community, statement.envelope, signer)
    await writeRequest(terminal, file, signed)
    const signers = new Set<KeyText>([...signersOf(statement), signer.publicKey])
    const { type, payload } = statement.envelope
    terminal.output.result(
      { file, type, payload, signers: [...signers] },
      () => `You signed this ${type}:\n${describe(payload)}\nSignatures: ${signers.size}.`,
    )
    return EXIT.ok
  })
}

/** Whose signature of ours a statement takes. */
async function signerFor(
  terminal: Terminal,
  options: PhraseOptions,
  { state, card, device }: Visit,
  { type, envelope }: Statement,
): Promise<Signer> {
  // A guardian answers with their device; everything else that several sign is a matter of roots.
  if (type === 'recover') return device
  const own = state.members.get(card.member)?.root
  const keys = 'v' in (envelope.payload as object) ? state.council.keys : own === undefined ? [] : [own]
  if (type !== 'device-add' && !('v' in (envelope.payload as object)))
    throw new CliError('signature-useless', `Nobody signs a ${type} beside who made it.`)
  return rootAmong(state.genesis.payload.nonce, await readPhrase(terminal, options), keys)
}

async function submit(terminal: Terminal, file: string, options: HomeOptions): Promise<ExitStatus> {
  return visiting(terminal, options, async (visit) => {
    const { envelope } = await readRequest(terminal, file, visit.card.community)
    await visit.acting.once<unknown>(async () => envelope)
    terminal.output.result(
      { type: envelope.type, statement: envelope.id, payload: envelope.payload },
      `The ${envelope.type} is in the ledger.`,
    )
    return EXIT.ok
  })
}

function signersOf({ envelope }: Statement): readonly KeyText[] {
  return envelope.signatures.map(({ key }) => key)
}

function describe(payload: unknown): string {
  const plain = JSON.parse(toJson(payload)) as Record<string, unknown>
  return Object.entries(plain)
    .map(([name, value]) => `  ${name}: ${typeof value === 'string' ? value : JSON.stringify(value)}`)
    .join('\n')
}
