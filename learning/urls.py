from django.urls import path

from learning.views import campaign, maps, plan, runs

app_name = "learning"
urlpatterns = [
    path("campaigns/<slug:slug>/learning/", campaign.campaign_learning, name="campaign-learning"),
    path("campaigns/<slug:slug>/runs/", campaign.campaign_runs, name="campaign-runs"),
    path("campaigns/<slug:slug>/plan/", plan.plan_save, name="plan"),
    path("campaigns/<slug:slug>/runs/new/", campaign.run_new, name="run-new"),
    path("runs/<int:pk>/", runs.run, name="run"),
    path("runs/<int:pk>/progress.json", runs.run_progress, name="run-progress"),
    path("runs/<int:pk>/cancel/", runs.run_stop, name="run-cancel"),
    path("runs/<int:pk>/encoder.onnx", runs.run_encoder, name="run-encoder"),
    path("runs/<int:pk>/map.bin", maps.map_points, name="run-map-points"),
    path("runs/<int:pk>/map.json", maps.map_about, name="run-map"),
]
