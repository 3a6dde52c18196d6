"""What changed incompatibly, and when."""

OPERATOR_VERSIONS = {
    # 2.0: `factor` has no default any more.
    "tinyops::scale": [
        {
            "bumped_at_version": 4,
            "upgrader_name": "scale_0_3",
            "old_schema": "tinyops::scale(Tensor x, float factor=2.0) -> Tensor",
        },
    ],
    # 2.0: integers are not rounded any more.
    "tinyops::halve": [
        {
            "bumped_at_version": 4,
            "upgrader_name": "halve_0_3",
            "old_schema": "tinyops::halve(Tensor x) -> Tensor",
        },
    ],
}
