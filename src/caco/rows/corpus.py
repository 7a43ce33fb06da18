"""The corpus: the training data of the student."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class CorpusRow:
    """One training example with its complete lineage.

    Attributes:
        instruction: The problem.
        output: The step-by-step solution.
        answer: The program's executed output, which the solution's final answer equals.
        code: The program.
        question_id, program_id, sample_id, shard: Identities of its parents.
        codegen: Digest of the code generator's checkpoint.
        question_model, solution_model: Digests of the writer's and solver's checkpoints.
        question_prompt, solution_prompt: Digests of the prompt templates.
        variant: Number of the problem among its program's questions, from 0.
        style: The context or style that the writer was prompted for, or None.
        llm_judge_model, llm_judge_prompt: Digests of the LLM judge's checkpoint and prompt
            template; None where there is no LLM judge.
        statements: The statements about numbers that were found in the solution, such as
            `3 + 4 = 7` and `35 is odd`.
        checked_statements: Those that were understood and computed.
        false_statements: Those that are false; 0 in every row unless such rows were kept.
        solution_variant: Number of the solution among its question's solutions, from 0.
        difficulty: The lower of `steps` and the program's operations, where each operation counts
            once more for every loop around it.
        operations: The operations of the program: arithmetic, comparisons, and calls that compute.
        code_statements: The statements of the program, without imports, definitions and docstrings.
        loops: The loops and comprehensions of the program.
        depth: The largest number of loops and branches within each other.
        inputs: The values in the executed `input`; each element of a list counts.
        digits: The integer digits of the largest number in the executed `input` and `output`.
        steps: The sentences and lines of the solution that contain a number, without its answer.
        pass_rate: The share of a model's answers to the problem that are right; None where no pass
            rates were configured.
        pass_rate_answers: The number of these answers, or None.
        pass_rate_model: Digest of the model's checkpoint, or None.
        round_trip_model, round_trip_prompt: Digests of the checkpoint and of the prompt template of
            the model that wrote programs from the problem; None where no round trip is configured.
        round_trip_share: The share of these programs that have the answer as output, or None.
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
    statements: int | None = None
    checked_statements: int | None = None
    false_statements: int | None = None
    solution_variant: int = 0
    difficulty: int | None = None
    operations: int | None = None
    code_statements: int | None = None
    loops: int | None = None
    depth: int | None = None
    inputs: int | None = None
    digits: int | None = None
    steps: int | None = None
    pass_rate: float | None = None
    pass_rate_answers: int | None = None
    pass_rate_model: str | None = None
    round_trip_model: str | None = None
    round_trip_prompt: str | None = None
    round_trip_share: float | None = None
