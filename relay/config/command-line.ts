import { Command, CommanderError, Option } from 'commander'
import { SETTING_NAMES, SETTINGS, type Setting, type SettingName } from './settings.ts'
import { NOTHING, type Source, type Written } from './sources.ts'

/** What the arguments ask for. */
export type CommandLine =
  | { readonly kind: 'help'; readonly text: string }
  | {
      readonly kind: 'run'
      readonly source: Source
      readonly configFile: string | undefined
      readonly nextLogKey: boolean
    }

const EXAMPLES = `
Each setting can also stand in the environment (--log-level is PALABRE_LOG_LEVEL) and in a JSON file
({ "log-level": "debug" }, --config or PALABRE_CONFIG). A flag wins over the environment, that over the file.

Examples:
  npm start                                          try it: http://localhost:8080
  npm start -- --port 9000 --data ./data             another port, another folder
  npm start -- --url https://palabre.example.org     behind a proxy that terminates TLS
  npm start -- --host 0.0.0.0 --port 443 --url https://palabre.example.org \\
               --tls-cert cert.pem --tls-key key.pem without a proxy

Others than yourself can use it only over https: browsers give the microphone to no other page, save localhost.
The first start prints a link with which you found the community. It works once: keep it to yourself.
`

/** Reads the arguments of the process, program names left out. Nothing is printed and nothing is checked but the flags' names. */
export function readCommandLine(args: readonly string[], folder: string): CommandLine {
  const command = describe()
  if (args.includes('--help') || args.includes('-h'))
    return { kind: 'help', text: `${command.helpInformation()}${EXAMPLES}` }
  let rest: string[]
  try {
    const { operands, unknown } = command.parseOptions([...args])
    rest = [...operands, ...unknown]
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error
    const mistake = `${error.message.replace(/^error: /, '')}; see --help.`
    return {
      kind: 'run',
      source: { ...NOTHING, mistakes: [mistake] },
      configFile: undefined,
      nextLogKey: false,
    }
  }
  const values: Readonly<Record<string, string | string[] | true | undefined>> = command.opts()
  const written = new Map<SettingName, Written>()
  for (const name of SETTING_NAMES) {
    const value = values[camelCase(name)]
    if (value !== undefined && value !== true) written.set(name, { where: `--${name}`, value, folder })
  }
  const mistakes = rest.map((argument) => `${argument} is no argument of the relay; see --help.`)
  const configFile = values.config as string | undefined
  return { kind: 'run', source: { written, mistakes }, configFile, nextLogKey: values.nextLogKey === true }
}

function describe(): Command {
  const command = new Command('npm start --')
    .usage('[flags]')
    .description(
      'Runs a relay: it serves the app, lets members reach each other, and keeps the community’s ledger.',
    )
    .configureOutput({ writeOut: () => {}, writeErr: () => {} })
    .exitOverride()
    .option('--config <FILE>', 'JSON file with any of these settings')
    .option(
      '--next-log-key',
      'make a further key for the log, print its public half for the council’s log-rotate, and end',
    )
  for (const name of SETTING_NAMES) {
    const setting: Setting<unknown> = SETTINGS[name]
    const option = new Option(`--${name} <${setting.value}>`, setting.help)
    if (setting.list) option.argParser((one: string, before: readonly string[] = []) => [...before, one])
    command.addOption(option)
  }
  return command
}

/** The name under which commander keeps `--tls-cert`. */
function camelCase(name: string): string {
  return name.replace(/-(.)/g, (_, letter: string) => letter.toUpperCase())
}
