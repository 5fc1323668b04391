"""Each number's days before those that are asked about: ``queries.reports.of_numbers._with_before``, in one statement. The
project's variable ``since`` says where they part; without it nothing is known of a time before."""

from queries.reports.counting import PLACES
from queries.reports.of_numbers import BEFORE

CALLS = f"""call_outcomes as (
    select * from {{{{ ref('stg_call_outcomes') }}}}
    where {{% if var('since') %}}local_seconds >= {{{{ wrapup_since() }}}}{{% else %}}true{{% endif %}}
),
earlier as (
    select
        caller_number,
        round(
            cast(sum(case when connect_outcome = 'connected' then 1 else 0 end) as numeric)
            / nullif(sum(case when is_final then 1 else 0 end), 0), {PLACES}
        ) as answer_rate
    from {{{{ ref('stg_call_outcomes') }}}}
    where {{% if var('since') %}}local_seconds < {{{{ wrapup_since() }}}}
        and local_seconds >= {{{{ wrapup_since() }}}} - {int(BEFORE.total_seconds())}{{% else %}}false{{% endif %}}
    group by caller_number
),
"""


def beside(counted: str) -> str:
    """``counted``: a SELECT of the numbers, the first key. The same, with the rate of each in the days before."""
    statement, _, source = counted.rpartition("\nfrom ")
    joined = f'left join earlier on earlier.caller_number is not distinct from {source}."k0_0"'
    return f"{statement},\n    earlier.answer_rate as answer_rate_14d\nfrom {source}\n{joined}"
