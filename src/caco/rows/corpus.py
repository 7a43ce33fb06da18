"""The corpus: what students are fine-tuned on."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class CorpusRow:
    """One training example with its whole lineage.

    Attributes:
        instruction: The problem.
        output: The step-by-step solution.
        answer: The answer: the program's executed output, which the solution's agrees with.
        code: The program.
        question_id, program_id, sample_id, shard: Identities of its parents.
        codegen: Digest of the code generator's checkpoint.
        question_model, solution_model: Digests of the writer's and solver's checkpoints.
        question_prompt, solution_prompt: Digests of the prompt templates.
        variant: Which of its program's questions the problem is, from 0.
        style: The context or style that the writer was asked for, or None.
        llm_judge_model, llm_judge_prompt: Digests of the LLM judge's checkpoint and prompt template;
            None where there is no LLM judge.
    """

    instruction: str
    output: str
    answer: str
    code: str
    question_id: str
    program_id: str
    sample_id: str
    shard: str
    codegen: str
    question_model: str
    solution_model: str
    question_prompt: str
    solution_prompt: str
    variant: int = 0
    style: str | None = None
    llm_judge_model: str | None = None
    llm_judge_prompt: str | None = None
