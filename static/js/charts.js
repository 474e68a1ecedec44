// Draws every [data-chart] with ECharts: bars (shares in percent, low ones red), a line by month, or stacks by day. The numbers
// are in the attribute; the table beside the chart says the same without it.
(() => {
  const RED = "#b3121d";
  const GREY = "#c9ccd2";
  const INK = "#1f2933";
  const charts = [];

  const base = {
    animation: false,
    textStyle: { fontFamily: "inherit", color: INK },
    tooltip: { renderMode: "richText", trigger: "axis", axisPointer: { type: "none" } },
  };

  const bars = ({ labels, values, low, details }) => ({
    ...base,
    tooltip: { ...base.tooltip, formatter: ([point]) => `${labels[point.dataIndex]}\n${details[point.dataIndex]}` },
    grid: { left: 124, right: 56, top: 8, bottom: 28 },
    xAxis: { type: "value", min: 0, max: 100, axisLabel: { formatter: "{value}%" } },
    yAxis: { type: "category", inverse: true, data: labels, axisTick: { show: false }, axisLabel: { width: 108, overflow: "truncate" } },
    series: [
      {
        type: "bar",
        barMaxWidth: 14,
        data: values.map((value) => ({
          value,
          itemStyle: { color: value !== null && value < low ? RED : GREY, borderRadius: 2 },
        })),
        label: { show: true, position: "right", color: INK, formatter: ({ value }) => `${value}%` },
      },
    ],
  });

  const line = ({ labels, values, unit }) => ({
    ...base,
    tooltip: { ...base.tooltip, formatter: ([point]) => `${point.name}  ${point.value} ${unit}` },
    grid: { left: 48, right: 20, top: 16, bottom: 28 },
    xAxis: { type: "category", data: labels, boundaryGap: false },
    yAxis: { type: "value", minInterval: 1 },
    series: [
      {
        type: "line",
        data: values,
        symbol: "circle",
        symbolSize: 6,
        showSymbol: values.length < 25,
        lineStyle: { color: RED, width: 2 },
        itemStyle: { color: RED },
        areaStyle: { color: "rgba(179,18,29,.08)" },
      },
    ],
  });

  // Parts of a whole by day, on top of each other: `parts` names them, `values` holds a list for each.
  const SHADES = [GREY, "#8a93a0", "#e0a43a", RED];
  const stacks = ({ labels, values, parts, details }) => ({
    ...base,
    tooltip: { ...base.tooltip, formatter: ([point]) => `${labels[point.dataIndex]}\n${details[point.dataIndex]}` },
    legend: { bottom: 0, itemGap: 24, textStyle: { color: INK } },
    grid: { left: 48, right: 20, top: 16, bottom: 56 },
    xAxis: { type: "category", data: labels },
    yAxis: { type: "value", minInterval: 1 },
    series: parts.map((name, index) => ({
      name,
      type: "bar",
      stack: "whole",
      barMaxWidth: 28,
      data: values[index],
      itemStyle: { color: SHADES[index] },
    })),
  });

  const KINDS = { bars, line, stacks };

  // So that paper, which is narrower than the screen, shows the whole drawing smaller.
  const scale = (chart) => {
    const drawing = chart.getDom().querySelector("svg");
    drawing?.setAttribute("viewBox", `0 0 ${chart.getWidth()} ${chart.getHeight()}`);
  };

  const draw = (element) => {
    const data = JSON.parse(element.dataset.chart);
    const chart = window.echarts.init(element, null, { renderer: "svg" });
    chart.setOption(KINDS[data.kind](data));
    if (data.urls) {
      chart.on("click", ({ dataIndex }) => {
        if (data.urls[dataIndex]) window.location.assign(data.urls[dataIndex]);
      });
    }
    charts.push(chart);
    scale(chart);
  };

  const fit = () =>
    charts.forEach((chart) => {
      chart.resize();
      scale(chart);
    });
  document.querySelectorAll("[data-chart]").forEach(draw);
  window.addEventListener("resize", fit);
  document.addEventListener("fullscreenchange", fit);
})();
