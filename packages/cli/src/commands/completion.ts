import { basename } from "node:path";
import { command } from "../command.ts";
import { UsageError } from "../failure.ts";

const shells = ["bash", "zsh"];

export const completion = command({
  examples: [
    ["completion bash > /etc/bash_completion.d/cni-chain", "for all users of bash"],
    ['completion zsh > "$HOME/.zfunc/_cni-chain"', "for zsh, in a directory of $fpath"],
  ],
  options: (yargs) =>
    yargs.positional("shell", {
      type: "string",
      choices: shells,
      describe: "default: the one SHELL names, else bash",
    }),
  run: async ({ shell, json }, terminal) => {
    if (json) throw new UsageError("completion prints a script, not JSON");
    const own = basename(process.env["SHELL"] ?? "");
    terminal.write((shell ?? (shells.includes(own) ? own : "bash")) === "zsh" ? zsh : bash);
  },
});

/*
 * The words are asked of the tool itself, under the name that was typed: yargs answers --get-yargs-completions, one a
 * line, with a description behind a colon where SHELL is zsh. Where it knows nothing, a file name is completed.
 */

const bash = `# bash completion for cni-chain: source it, or put it into /etc/bash_completion.d/cni-chain
_cni_chain() {
  local word="\${COMP_WORDS[COMP_CWORD]}" known
  known="$(SHELL=bash "\${COMP_WORDS[0]}" --get-yargs-completions "\${COMP_WORDS[@]:0:COMP_CWORD}" "$word" 2>/dev/null)"
  mapfile -t COMPREPLY < <(compgen -W "$known" -- "$word")
}
complete -o default -F _cni_chain cni-chain
`;

const zsh = `#compdef cni-chain
# zsh completion for cni-chain: put it into a directory of $fpath as _cni-chain, or source it
_cni_chain() {
  local -a known
  known=("\${(@f)$(SHELL=zsh "\${words[1]}" --get-yargs-completions "\${(@)words[1,CURRENT]}" 2>/dev/null)}")
  if [[ -n "\${known[1]}" ]]; then
    _describe 'cni-chain' known
  else
    _files
  fi
}
if [[ "$funcstack[1]" = _cni-chain ]]; then
  _cni_chain "$@"
else
  compdef _cni_chain cni-chain
fi
`;
